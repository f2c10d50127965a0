"""The owner's number of machines: nothing is rented beyond it, and who is beyond it goes in good order."""

from dataclasses import replace

import pytest

from provisioner import ceiling, policy, sizing
from provisioner.actions import Launch
from provisioner.lifecycle import State
from provisioner.observation import Demand, Machine, Market
from tasks.schema import WorkerState
from tests.unit.provisioner.machines import RULES, ago, heartbeat, machine, observation, offer

MARKET = Market(offers=(offer(),))


def one(name: str, state: State = State.READY, **changes: object) -> Machine:
    age_s = float(changes.pop("age_s", 600.0))  # type: ignore[arg-type]
    return machine(state, row_changes={"id": name, "intended_at": ago(age_s)}, **changes)


BUSY, YOUNG = one("busy"), one("young", age_s=100.0)
IDLE, LONG = one("idle", idle_s=5.0), one("long", idle_s=90.0)
STARTS = one("starts", State.PULLING)


@pytest.mark.parametrize(
    ("most", "going"),
    [
        (None, set()),
        (5, set()),
        (4, {"long"}),
        (3, {"long", "idle"}),
        (2, {"long", "idle", "starts"}),
        (1, {"long", "idle", "starts", "young"}),
        (0, {"long", "idle", "starts", "young", "busy"}),
    ],
)
def test_who_goes_first(most: int | None, going: set[str]) -> None:
    """Who idles, then who only starts, then who draws."""
    assert ceiling.beyond([BUSY, YOUNG, IDLE, LONG, STARTS], most, told=()) == going


def test_whoever_was_told_stays_told() -> None:
    """It takes no job any more, so another that idles meanwhile must not go in its place; nor is it taken back."""
    assert ceiling.beyond([BUSY, IDLE], 1, told={"busy"}) == {"busy"}
    assert ceiling.beyond([BUSY, IDLE], None, told={"busy"}) == {"busy"}
    draining = replace(BUSY, heartbeat=heartbeat(WorkerState.DRAINING))
    assert ceiling.beyond([draining, IDLE], 1, told=()) == {"busy"}, "an earlier process told it"


def test_parked_and_named_ones_do_not_count() -> None:
    """A disk is no machine that runs; one that is ordered to end by its id ends anyway."""
    asleep, named = one("asleep", State.PARKED), one("named", ordered="drain")
    assert ceiling.beyond([asleep, named, BUSY], 1, told=()) == set()


def test_nothing_is_rented_or_woken_beyond_it() -> None:
    """What is still ending counts, since it is still paid for; members are told why they wait."""
    rules = replace(RULES, can_park=True)
    seen = observation(one("ending", State.DESTROYING), jobs=5, seconds=200, most=1)
    plan = policy.plan(seen, MARKET, rules)
    assert not [action for action in plan.actions if isinstance(action, Launch)]
    assert plan.blocked == "at most 1 at once, ordered by hand"
    assert not policy.wants_offer(seen, rules)
    assert [type(each) for each in policy.plan(observation(jobs=1, seconds=9, most=1), MARKET, rules).actions] == [
        Launch
    ]
    asleep = observation(one("asleep", State.PARKED, parked_s=5.0), jobs=1, seconds=9, most=0)
    assert policy.plan(asleep, MARKET, rules).actions == ()


def test_the_least_is_wanted_whatever_the_load_was() -> None:
    """A rule that keeps machines by the load of the last minutes keeps no fewer than were ordered."""
    point = RULES.point.model_copy(update={"workers_per_load": 1.0})
    assert sizing.want(Demand(load=1.0, standby=3), point).workers == 3
    assert sizing.want(Demand(load=4.0, standby=3), point).workers == 4
