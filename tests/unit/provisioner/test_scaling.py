"""Parking, waking, warm hours, operating points, and what must hold for the policy whatever happens."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from config.registry import Fleet, Profile, point_of
from config.scaling import POINTS, OperatingPoint
from provisioner import policy, sizing
from provisioner.actions import Destroy, Drain, Launch, Park, Unpark
from provisioner.lifecycle import State
from provisioner.observation import Demand, Machine, Market
from provisioner.policy import Rules
from provisioner.providers.base import Status
from tests.unit.provisioner.machines import (
    FLEET,
    NOW,
    PROFILE,
    heartbeat,
    listed,
    machine,
    observation,
    offer,
    spending,
)

MARKET = Market(offers=(offer(),))
POINT = OperatingPoint(
    tolerated_wait_s=40, idle_last_s=600, idle_rest_s=300, park_slots=1, parked_s=3600, workers_per_user=2
)
RULES = Rules(
    fleet=Fleet(deployment="test", profile="p", scaling=POINT),
    profile=Profile(id="p", image="image"),
    can_park=True,
)


def one(number: int, state: State = State.READY, **changes: object) -> Machine:
    """A machine of its own; ready ones have a worker, parked ones are stopped."""
    identity = {"id": f"i{number}", "label": f"easel/test/i{number}", "provider_instance_id": f"{number}"}
    status = Status.STOPPED if state in (State.PARKED, State.WAKING) else Status.RUNNING
    values: dict[str, object] = {
        "row_changes": {**identity, "storage_usd_per_hour": 0.012},
        "listed": listed(status, provider_instance_id=f"{number}", label=identity["label"]),
        "heartbeat": heartbeat() if state is State.READY else None,
    }
    return machine(state, **(values | changes))  # type: ignore[arg-type]


def test_the_last_worker_stays_longer() -> None:
    """Two are idle for 400 s: one goes, the last has 600 s."""
    seen = observation(one(1, idle_s=400.0), one(2, idle_s=390.0))
    plan = policy.plan(seen, MARKET, RULES)
    assert [(type(action), action.machine.row.id) for action in plan.actions if isinstance(action, Park | Drain)] == [
        (Park, "i1")
    ]


def test_slots_are_filled_then_machines_are_ended() -> None:
    """One slot: the first idle machine is parked, the second is ended, and both say why."""
    seen = observation(one(1, idle_s=900.0), one(2, idle_s=800.0))
    actions = policy.plan(seen, MARKET, RULES).actions
    assert [type(action) for action in actions] == [Park, Drain]
    assert [action.reason for action in actions if isinstance(action, Park | Drain)] == [
        "idle for 900 s",
        "idle for 800 s, the last one",
    ]


@pytest.mark.parametrize(
    ("rules", "storage"), [(replace(RULES, can_park=False), 0.012), (RULES, 0.05)], ids=["cannot", "dear disk"]
)
def test_nothing_is_parked_where_it_cannot_or_does_not_pay(rules: Rules, storage: float) -> None:
    """Without the ability, or with a disk that costs much of the machine, it is ended."""
    idle = one(1, idle_s=700.0)
    idle.row.storage_usd_per_hour = storage
    plan = policy.plan(observation(idle), MARKET, rules)
    assert [type(action) for action in plan.actions] == [Drain]


def test_a_parked_machine_is_woken_before_one_is_rented() -> None:
    """The one that was parked last, and the market is not even asked."""
    seen = observation(one(1, State.PARKED, parked_s=500.0), one(2, State.PARKED, parked_s=90.0), jobs=1, seconds=9)
    plan = policy.plan(seen, MARKET, RULES)
    assert [(type(action), action.machine.row.id) for action in plan.actions if isinstance(action, Unpark)] == [
        (Unpark, "i2")
    ]
    assert "waking a parked RTX 4090" in plan.sentence
    assert not policy.wants_offer(seen, RULES)


def test_a_parked_machine_that_is_to_end_is_not_woken() -> None:
    """One is rented in its place, in the same pass."""
    seen = observation(one(1, State.PARKED, parked_s=5.0, ordered="drain"), jobs=1, seconds=9)
    assert [type(action) for action in policy.plan(seen, MARKET, RULES).actions] == [Destroy, Launch]


def test_a_pause_wakes_nothing_by_itself() -> None:
    """Only where the owner names the machine: that is the later word."""
    seen = observation(one(1, State.PARKED, parked_s=5.0), jobs=1, seconds=9, paused="paused by hand")
    plan = policy.plan(seen, MARKET, RULES)
    assert plan.actions == ()
    assert plan.blocked == "paused by hand"
    named = replace(seen, machines=(one(1, State.PARKED, parked_s=5.0, ordered="wake"),))
    assert [type(action) for action in policy.plan(named, MARKET, RULES).actions] == [Unpark]


def test_caps_on_number_do_not_keep_a_parked_machine_asleep() -> None:
    """It is counted already; caps on money do."""
    full = spending(instances=3, creates_last_10_min=9)
    seen = observation(one(1, State.PARKED, parked_s=5.0), jobs=1, seconds=9, spending=full)
    assert [type(action) for action in policy.plan(seen, MARKET, RULES).actions] == [Unpark]
    poor = replace(seen, spending=spending(instances=1, usd_today=9.99))
    assert not policy.plan(poor, MARKET, RULES).actions


def test_a_waking_machine_is_capacity_until_its_gpu_turns_out_to_be_taken() -> None:
    """30 s later it is given up, and another is rented in the same pass."""
    seen = observation(one(1, State.WAKING, waking_s=29.0), jobs=1, seconds=9)
    assert not policy.plan(seen, MARKET, RULES).actions
    late = observation(one(1, State.WAKING, waking_s=31.0), jobs=1, seconds=9)
    assert [type(action) for action in policy.plan(late, MARKET, RULES).actions] == [Destroy, Launch]


def test_a_disk_is_not_kept_for_ever() -> None:
    """Parked for longer than the point allows: ended, with the reason."""
    plan = policy.plan(observation(one(1, State.PARKED, parked_s=3601.0)), MARKET, RULES)
    assert [action.reason for action in plan.actions if isinstance(action, Destroy)] == [
        "parked for 1.0 h, and nobody needed it"
    ]


def test_a_parked_machine_that_runs_is_ended() -> None:
    """It would be billed for nothing."""
    running = one(1, State.PARKED, parked_s=61.0, listed=listed(Status.RUNNING))
    assert [type(action) for action in policy.plan(observation(running), MARKET, RULES).actions] == [Destroy]


def test_one_members_burst_does_not_fill_the_fleet() -> None:
    """Thirty jobs of one member call for two workers at this point, of five members for ten."""
    burst = Demand(jobs=30, seconds=600, users=1)
    assert sizing.want(burst, POINT).workers == 2
    assert "all that 1 member may call for" in sizing.want(burst, POINT).why
    assert sizing.want(replace(burst, users=5), POINT).workers == 10
    assert sizing.want(replace(burst, users=0), POINT).workers == 15


def test_recent_load_keeps_workers() -> None:
    """With a floor, the last quarter of an hour counts even while nothing waits."""
    point = POINT.model_copy(update={"workers_per_load": 1.0})
    assert [sizing.want(Demand(load=load), point).workers for load in (0.0, 0.4, 0.6, 1.6)] == [0, 0, 1, 2]


@pytest.mark.parametrize(
    ("hours", "is_warm"),
    [((), False), (("11:00-12:00",), False), (("12:00-13:00",), True), (("23:00-12:01",), True)],
)
def test_warm_hours(hours: tuple[str, ...], is_warm: bool) -> None:
    """At 12:00 UTC; the end is exclusive, and hours may pass midnight."""
    fleet = RULES.fleet.model_copy(update={"warm_hours": hours})
    plan = policy.plan(observation(), MARKET, replace(RULES, fleet=fleet))
    assert [type(action) for action in plan.actions] == [Launch] * is_warm
    assert ("warm hours" in "".join(one.reason for one in plan.actions if isinstance(one, Launch))) is is_warm


def test_wrong_warm_hours_are_refused() -> None:
    """A typo is told at the start, not at eight in the evening."""
    with pytest.raises(ValidationError):
        Fleet(warm_hours=("18-24",))


def test_fleet_and_profile_change_single_figures_of_a_point() -> None:
    """What is written down replaces the named point's figure, and nothing else."""
    fleet = Fleet(operating_point="fast", tolerated_wait_s=7)
    point = point_of(fleet, Profile(id="p", image="i", idle_s=9))
    assert (point.tolerated_wait_s, point.idle_last_s, point.idle_rest_s) == (7, 9, 9)
    assert point.park_slots == POINTS["fast"].park_slots
    assert point_of(FLEET, PROFILE).tolerated_wait_s == 40


ages = st.floats(0, 10_000)
fleets = st.lists(
    st.tuples(st.sampled_from([State.READY, State.PARKED, State.WAKING, State.PULLING]), st.booleans(), ages),
    max_size=6,
)


def some(drawn: list[tuple[State, bool, float]]) -> tuple[Machine, ...]:
    """Machines of the drawn states: busy or idle, parked, waking or starting for the drawn time."""
    kinds = {State.PARKED: "parked_s", State.WAKING: "waking_s"}
    return tuple(
        one(
            number,
            state,
            **({kinds[state]: age} if state in kinds else {}),
            **({"idle_s": age} if state is State.READY and idle else {}),
        )
        for number, (state, idle, age) in enumerate(drawn)
    )


@given(drawn=fleets, jobs=st.integers(0, 50), job_s=st.floats(0.1, 300), oldest_s=st.floats(0, 200))
def test_never_two_for_one_shortage(
    drawn: list[tuple[State, bool, float]], jobs: int, job_s: float, oldest_s: float
) -> None:
    """At most one machine is rented or woken per pass, only for a shortage, and no machine gets two orders."""
    demand = Demand(jobs=jobs, seconds=jobs * job_s, oldest_waiting_s=oldest_s)
    seen = replace(observation(*some(drawn), spending=spending()), demand=demand)
    actions = policy.plan(seen, MARKET, RULES).actions
    touched = [
        action.machine.row.id for action in actions if not isinstance(action, Launch) and hasattr(action, "machine")
    ]
    more = [action for action in actions if isinstance(action, Launch | Unpark)]
    ended = {action.machine.row.id for action in actions if isinstance(action, Destroy | Drain | Park)}
    capacity = [m for m in seen.machines if m.state is not State.PARKED and m.row.id not in ended]
    assert len(touched) == len(set(touched))
    assert len(more) <= 1
    assert not more or len(capacity) < policy.wanted(seen, RULES).workers
    assert not (more and any(isinstance(action, Park | Drain) for action in actions))


@given(drawn=fleets, jobs=st.integers(0, 50), job_s=st.floats(0.1, 300))
def test_parked_never_exceed_the_slots_and_need_the_ability(
    drawn: list[tuple[State, bool, float]], jobs: int, job_s: float
) -> None:
    """Slots bound what the policy parks, and a provider that cannot park is never asked to."""
    seen = observation(*some(drawn), jobs=jobs, seconds=jobs * job_s)
    was = sum(state is State.PARKED for state, _, _ in drawn)
    parked = [action for action in policy.plan(seen, MARKET, RULES).actions if isinstance(action, Park)]
    assert not parked or was + len(parked) <= POINT.park_slots
    unable = policy.plan(seen, MARKET, replace(RULES, can_park=False)).actions
    assert not any(isinstance(action, Park | Unpark) for action in unable)


demands = st.builds(
    Demand,
    jobs=st.integers(0, 60),
    seconds=st.floats(0, 5000),
    users=st.integers(0, 20),
    load=st.floats(0, 5),
)


@given(demand=demands, more_jobs=st.integers(0, 20), more_s=st.floats(0, 500), more_users=st.integers(0, 5))
def test_more_work_never_wants_fewer_workers(demand: Demand, more_jobs: int, more_s: float, more_users: int) -> None:
    """Monotone in backlog, and the thriftier point never wants more than the faster one."""
    users = demand.users + more_users if demand.users else 0
    more = replace(demand, jobs=demand.jobs + more_jobs, seconds=demand.seconds + more_s, users=users)
    assert sizing.want(more, POINT).workers >= sizing.want(demand, POINT).workers
    sizes = [sizing.want(demand, POINTS[name]).workers for name in ("thrifty", "standard", "fast")]
    assert sizes == sorted(sizes)
    assert sizing.want(demand, POINT).workers <= max(1, demand.jobs, round(demand.load) + 1)


@given(idle_s=ages, later_s=st.floats(0, 5000))
def test_what_is_ended_now_would_be_ended_later(idle_s: float, later_s: float) -> None:
    """Inertia only wears off: a machine that idles longer is never spared for that."""
    first = policy.plan(observation(one(1, idle_s=idle_s)), MARKET, RULES).actions
    then = observation(one(1, idle_s=idle_s + later_s), now=NOW + timedelta(seconds=later_s))
    assert not first or policy.plan(then, MARKET, RULES).actions
