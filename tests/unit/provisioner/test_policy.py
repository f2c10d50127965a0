"""How many machines the queue deserves, and what the caps say to that."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.registry import Fleet
from provisioner import policy, status
from provisioner.actions import Destroy, Drain, Launch, Plan
from provisioner.budget import Spending
from provisioner.lifecycle import State
from provisioner.observation import Demand, Machine, Market
from provisioner.policy import Rules
from tests.unit.provisioner.machines import (
    PROFILE,
    RULES,
    ago,
    heartbeat,
    listed,
    machine,
    observation,
    offer,
    row,
    spending,
)

MARKET = Market(offers=(offer(),))


def ready(number: int, *, idle_s: float | None = None) -> Machine:
    identity = {"id": f"i{number}", "label": f"easel/test/i{number}", "provider_instance_id": f"{number}"}
    return machine(
        row_changes=identity,
        listed=listed(provider_instance_id=f"{number}", label=identity["label"]),
        heartbeat=heartbeat(),
        idle_s=idle_s,
    )


def starting(number: int) -> Machine:
    one = row(State.PULLING, id=f"s{number}", label=f"easel/test/s{number}", intended_at=ago(20))
    return machine(State.PULLING, row=one)


@pytest.mark.parametrize(
    ("jobs", "seconds", "wanted"),
    [(0, 0, 0), (1, 5, 1), (1, 500, 1), (5, 30, 1), (5, 41, 2), (5, 200, 5), (5, 900, 5)],
)
def test_how_many_are_wanted(jobs: int, seconds: float, wanted: int) -> None:
    """One at the first job, one per tolerated wait, never more than jobs."""
    assert policy.wanted(observation(jobs=jobs, seconds=seconds), RULES).workers == wanted


def launches(plan: Plan) -> list[Launch]:
    return [action for action in plan.actions if isinstance(action, Launch)]


def test_the_first_job_rents_the_first_machine() -> None:
    """From zero nobody waits for evidence."""
    plan = policy.plan(observation(jobs=1, seconds=8), MARKET, RULES)
    assert len(launches(plan)) == 1
    assert "1 job outstanding" in plan.sentence
    assert "RTX 4090" in plan.sentence


def test_machines_on_their_way_are_capacity() -> None:
    """A second machine is not rented for work that the starting one will take."""
    seen = observation(starting(1), jobs=3, seconds=39)
    assert not launches(policy.plan(seen, MARKET, RULES))
    assert launches(policy.plan(replace(seen, demand=Demand(jobs=3, seconds=81)), MARKET, RULES))


def test_own_workers_are_capacity() -> None:
    """A card at home comes before a rented one."""
    assert not launches(policy.plan(observation(jobs=1, seconds=8, own_workers=1), MARKET, RULES))


@pytest.mark.parametrize(
    ("changes", "blocked"),
    [
        ({"listing_age_s": None}, "cannot be trusted"),
        ({"listing_age_s": 61.0}, "cannot be trusted"),
        ({"machines": (machine(State.AMBIGUOUS, listed=None),), "jobs": 9, "seconds": 400.0}, "not been answered"),
        ({"spending": spending(instances=3)}, "max_instances is 3"),
        ({"spending": spending(creates_last_10_min=6)}, "max_creates_per_10_min"),
        ({"spending": spending(usd_per_hour=1.9)}, "max_usd_per_hour is $2.00"),
        ({"spending": spending(usd_today=9.999)}, "max_usd_per_day is $10.00"),
        ({"spending": spending(usd_this_month=149.999)}, "max_usd_per_month is $150.00"),
        ({"held": "the fleet was taken down by hand"}, "taken down by hand"),
        ({"paused": "paused by hand, by owner in Discord"}, "paused by hand, by owner"),
    ],
)
def test_what_keeps_from_renting_is_said(changes: dict[str, object], blocked: str) -> None:
    """No launch from doubt or over a cap, and the reason reaches the members."""
    machines = changes.pop("machines", ())
    demand = {"jobs": changes.pop("jobs", 2), "seconds": changes.pop("seconds", 90.0)}
    plan = policy.plan(observation(*machines, **demand, **changes), MARKET, RULES)  # type: ignore[misc,arg-type]
    assert not launches(plan)
    assert blocked in plan.blocked
    assert blocked in plan.sentence


def test_a_refusal_is_the_reason() -> None:
    """Without a key the sentence says so, and machines that are there are still managed."""
    rules = replace(RULES, refusal="VAST_API_KEY is missing")
    plan = policy.plan(observation(ready(1, idle_s=301), jobs=0), MARKET, rules)
    assert [type(action) for action in plan.actions] == [Drain]
    assert policy.plan(observation(jobs=1, seconds=1), MARKET, rules).blocked == "VAST_API_KEY is missing"


def test_the_market_is_asked_only_when_it_matters() -> None:
    """Clouds ration their searches."""
    assert policy.wants_offer(observation(jobs=1, seconds=1), RULES)
    assert not policy.wants_offer(observation(), RULES)
    assert not policy.wants_offer(observation(jobs=1, seconds=1, listing_age_s=None), RULES)


@pytest.mark.parametrize(("idle_s", "actions"), [(301, []), (899, []), (901, [Drain])])
def test_whoever_cannot_be_ended_draws_on(idle_s: float, actions: list[type]) -> None:
    """While the cloud cannot be asked, an idle worker stays useful; not for ever, since lists alone may be out."""
    seen = observation(ready(1, idle_s=idle_s), listing_problem="HTTP 503", listing_age_s=30.0)
    assert [type(action) for action in policy.plan(seen, MARKET, RULES).actions] == actions


def test_idle_machines_go_longest_first_and_only_the_surplus() -> None:
    """Inertia down: what the queue still deserves stays."""
    seen = observation(ready(1, idle_s=400), ready(2, idle_s=500), ready(3), jobs=2, seconds=60)
    plan = policy.plan(seen, MARKET, RULES)
    assert [action.machine.row.id for action in plan.actions if isinstance(action, Drain)] == ["i2"]


def test_a_deaf_worker_goes_although_jobs_wait() -> None:
    """A worker that is idle while a job has waited for a minute does not take jobs any more."""
    seen = replace(observation(ready(1, idle_s=400)), demand=Demand(jobs=1, seconds=9, oldest_waiting_s=61))
    assert [type(action) for action in policy.plan(seen, MARKET, RULES).actions] == [Drain]


def test_a_spent_day_ends_everything() -> None:
    """The daily cap holds whatever the queue says."""
    seen = observation(ready(1), starting(2), jobs=5, seconds=300, spending=spending(instances=2, usd_today=10.0))
    plan = policy.plan(seen, MARKET, RULES)
    assert [action.machine.row.id for action in plan.actions if isinstance(action, Destroy)] == ["i1", "s2"]
    assert "max_usd_per_day" in plan.blocked


def test_a_budget_by_hand_lowers_the_day_and_never_raises_it() -> None:
    """The same two ends as the file's cap, under its own name; the status shows the one that holds."""
    low = spending(instances=1, usd_today=4.999, budget_usd=5.0)
    seen = observation(ready(1), jobs=9, seconds=400, spending=low)
    plan = policy.plan(seen, MARKET, RULES)
    assert not plan.actions
    assert plan.blocked.startswith("the day's budget, ordered by hand, is $5.00, and $5.00 are spent")
    assert status.fleet_status(seen, plan, RULES.fleet).usd_per_day_cap == 5.0
    spent = replace(seen, spending=replace(low, usd_today=5.0))
    (action,) = policy.plan(spent, MARKET, RULES).actions
    assert isinstance(action, Destroy)
    assert action.reason == "the day's budget, ordered by hand, is reached"
    high = observation(jobs=9, seconds=400, spending=spending(usd_today=10.0, budget_usd=99.0))
    assert policy.plan(high, MARKET, RULES).blocked.startswith("max_usd_per_day is $10.00")


def test_the_next_offer_is_taken_where_the_best_is_over_the_cap() -> None:
    """A cap on the hourly rate picks the cheaper machine rather than none."""
    market = Market(offers=(offer(id="a", usd_per_hour=0.55), offer(id="b", usd_per_hour=0.45)))
    seen = observation(ready(1), jobs=5, seconds=100, spending=spending(instances=1, usd_per_hour=1.5))
    assert [action.offer.id for action in launches(policy.plan(seen, market, RULES))] == ["b"]


def test_without_redis_nothing_is_rented_or_found_idle_and_in_the_end_nothing_is_kept() -> None:
    """Nobody can tell who works; after ten minutes nobody can."""
    seen = observation(ready(1, idle_s=999), jobs=0, blind_s=30.0)
    assert policy.plan(seen, MARKET, RULES).actions == ()
    assert policy.plan(replace(seen, demand=Demand(jobs=9, seconds=400)), MARKET, RULES).blocked == (
        "Redis does not answer"
    )
    assert [type(one) for one in policy.plan(replace(seen, blind_s=601.0), MARKET, RULES).actions] == [Destroy]


amounts = st.floats(0, 30, allow_nan=False)


@given(
    fleet=st.builds(
        Fleet,
        deployment=st.just("test"),
        profile=st.just("p"),
        tolerated_wait_s=st.floats(1, 600),
        max_instances=st.integers(0, 5),
        max_usd_per_hour=amounts,
        max_usd_per_day=amounts,
        max_creates_per_10_min=st.integers(1, 8),
    ),
    states=st.lists(st.sampled_from(list(State)[:-1]), max_size=6),
    prices=st.lists(st.floats(0.01, 5), max_size=4),
    jobs=st.integers(0, 200),
    job_s=st.floats(0, 500),
    spent=st.builds(spending, usd_per_hour=amounts, usd_today=amounts, creates_last_10_min=st.integers(0, 10)),
    listing_age_s=st.none() | st.floats(0, 200),
)
def test_no_plan_exceeds_a_cap(  # noqa: PLR0917 - hypothesis passes them by name
    fleet: Fleet,
    states: list[State],
    prices: list[float],
    jobs: int,
    job_s: float,
    spent: Spending,
    listing_age_s: float | None,
) -> None:
    """Whatever the world looks like: at most one launch, within every cap, from certainty only."""
    machines = tuple(
        machine(state, row=row(state, id=f"i{number}"), listed=None) for number, state in enumerate(states)
    )
    seen = observation(
        *machines,
        jobs=jobs,
        seconds=jobs * job_s,
        spending=replace(spent, instances=len(machines)),
        listing_age_s=listing_age_s,
    )
    market = Market(offers=tuple(offer(id=str(number), usd_per_hour=price) for number, price in enumerate(prices)))
    plan = policy.plan(seen, market, Rules(fleet=fleet, profile=PROFILE))
    found = launches(plan)
    assert len(found) <= 1
    if found:
        assert jobs > 0
        assert len(machines) < fleet.max_instances
        assert spent.usd_per_hour + found[0].offer.usd_per_hour <= fleet.max_usd_per_hour
        assert spent.usd_today < fleet.max_usd_per_day
        assert spent.creates_last_10_min < fleet.max_creates_per_10_min
        assert listing_age_s is not None
        assert listing_age_s <= 60
        assert not seen.unresolved
    if spent.usd_today >= fleet.max_usd_per_day:
        capacity = {State.INTENDED, State.AMBIGUOUS, State.ALLOCATING, State.PULLING, State.BOOTING, State.READY}
        ended = {one.machine.row.id for one in plan.actions if isinstance(one, Destroy)}
        assert {one.row.id for one in machines if one.state in capacity} <= ended


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"spending": spending(instances=1, usd_this_month=150.0)}, "max_usd_per_month is reached"),
        ({"held": "the fleet was taken down by hand (test)"}, "taken down by hand"),
    ],
)
def test_a_spent_month_and_the_kill_switch_end_what_runs(changes: dict[str, object], reason: str) -> None:
    """Whatever it does: both are the owner's word."""
    found = policy.plan(observation(ready(1), jobs=1, seconds=10, **changes), MARKET, RULES)
    (action,) = found.actions
    assert isinstance(action, Destroy)
    assert reason in action.reason


def test_what_was_ordered_by_hand_is_rented_and_stays() -> None:
    """`up`: a machine without any job, and no idle time ends it."""
    wanting = observation(demand=Demand(standby=1))
    assert policy.wants_offer(wanting, RULES)
    assert any(isinstance(action, Launch) for action in policy.plan(wanting, MARKET, RULES).actions)
    idle = observation(ready(1, idle_s=9999), demand=Demand(standby=1))
    assert policy.plan(idle, MARKET, RULES).actions == ()


def test_who_is_let_go_is_no_capacity_and_the_kill_switch_ends_it_all_the_same() -> None:
    """It draws on, another is rented for what waits; `down` waits for nobody."""
    leaving = replace(ready(1), ordered="drain")
    seen = observation(leaving, jobs=2, seconds=20)
    assert [type(action) for action in policy.plan(seen, MARKET, RULES).actions] == [Launch]
    assert policy.wants_offer(seen, RULES)
    assert [type(one) for one in policy.plan(replace(seen, held="down"), MARKET, RULES).actions] == [Destroy]


def test_a_pause_ends_nothing_and_is_told_without_a_queue_too() -> None:
    """What runs draws on, and ends once it idles, as ever."""
    busy = observation(ready(1), jobs=9, seconds=400, paused="paused by hand")
    assert policy.plan(busy, MARKET, RULES).actions == ()
    assert not policy.wants_offer(busy, RULES)
    idle = observation(ready(1, idle_s=301), paused="paused by hand")
    plan = policy.plan(idle, MARKET, RULES)
    assert [type(action) for action in plan.actions] == [Drain]
    assert "paused by hand" in plan.sentence
    assert plan.blocked == ""


def test_an_old_machine_is_replaced_once_it_is_idle() -> None:
    """A picture that is being drawn is finished first."""
    old = observation(ready(1, idle_s=1), demand=Demand(jobs=0), max_age_h=0.1)
    (action,) = policy.plan(old, MARKET, RULES).actions[:1]
    assert isinstance(action, Drain)
    assert "max_age_h" in action.reason
    assert policy.plan(observation(ready(1, idle_s=None), max_age_h=0.1), MARKET, RULES).actions == ()


def test_what_a_machine_downloads_counts_against_the_caps_before_it_is_rented() -> None:
    """Otherwise it would be rented, pass the cap with its image, and be ended before its first picture."""
    seen = observation(jobs=1, seconds=10, spending=spending(usd_today=9.5))
    cheap, dear = offer(id="a", usd_per_gb_down=0.001), offer(id="b", usd_per_gb_down=0.05)
    blocked = policy.plan(seen, Market(offers=(dear,), download_gb=15), RULES)
    assert not [action for action in blocked.actions if isinstance(action, Launch)]
    assert "max_usd_per_day" in blocked.blocked
    assert "$0.75 would be for downloads" in blocked.blocked
    found = policy.plan(seen, Market(offers=(dear, cheap), download_gb=15), RULES)
    assert [action.offer.id for action in found.actions if isinstance(action, Launch)] == ["a"]
