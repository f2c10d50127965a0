"""What can happen to a fleet, as hypothesis tells it: faults, crashes, members and the owner, in any order."""

from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.properties.clouds import FAULTS
from tests.properties.world import World

DURATIONS = (5.0, 20.0, 70.0, 180.0)
PAUSES = (0.0, 5.0, 15.0, 30.0)
CAPS = (0.05, 0.1, 100.0, 100.0)


@dataclass(frozen=True)
class Event:
    """One thing that happens; `told` is what a failing case prints."""

    told: str
    happen: Callable[[World], None]

    def __repr__(self) -> str:
        return self.told


@dataclass(frozen=True)
class Story:
    """A cap in US dollars, and events with the seconds that pass after each."""

    cap_usd: float
    events: tuple[tuple[Event, float], ...]


def stories() -> SearchStrategy[Story]:
    """Up to fifteen events, with an order among the first three: without work there is no fleet."""
    step = st.tuples(events(), st.sampled_from(PAUSES))
    fault = st.tuples(_faults(), st.just(0.0))
    order = st.tuples(_orders, st.sampled_from(PAUSES)).map(lambda one: [one])
    told = st.tuples(st.lists(fault, max_size=2), order, st.lists(step, min_size=4, max_size=12))
    return st.builds(Story, st.sampled_from(CAPS), told.map(lambda parts: tuple(one for part in parts for one in part)))


def events() -> SearchStrategy[Event]:
    """Any of them; orders are likelier, since without work there is no fleet."""
    return st.one_of(_orders, _orders, _faults(), _faults(), _crashes, _crashes, _blows, _jumps, _away, _owner, _sleeps)


def _fault(kind: str, what: str, seconds: float) -> Event:
    return Event(f"{kind}: {what} for {seconds:g} s", lambda world: world.cloud.break_down(kind, what, seconds=seconds))


def _faults() -> SearchStrategy[Event]:
    pairs = [(kind, what) for kind, kinds in FAULTS.items() for what in kinds]
    return st.builds(
        lambda pair, seconds: _fault(pair[0], pair[1], seconds), st.sampled_from(pairs), st.sampled_from(DURATIONS)
    )


def _crash(before: int, dead_s: float) -> Event:
    return Event(
        f"killed before request {before}, dead for {dead_s:g} s",
        lambda world: world.crash(before=before, dead_s=dead_s),
    )


def _blow(number: int, what: str) -> Event:
    return Event(f"machine {number} {what}", lambda world: world.hit(number, what))


def _jump(seconds: float) -> Event:
    def jump(world: World) -> None:
        world.jumped_s += seconds

    return Event(f"the clock jumps {seconds:g} s", jump)


def _sleep(seconds: float) -> Event:
    def sleep(world: World) -> None:
        world.sleep(seconds)

    return Event(f"the process is stopped for {seconds:g} s", sleep)


def _without(who: str, seconds: float) -> Event:
    def go(world: World) -> None:
        setattr(world, f"{who}_until", world.t + seconds)

    return Event(f"{who} is away for {seconds:g} s", go)


_orders = st.builds(
    lambda number: Event(f"{number} jobs are ordered", lambda world: world.order(number)),
    st.sampled_from([1, 4, 20]),
)
_crashes = st.builds(_crash, st.integers(0, 40), st.sampled_from([0.0, 10.0, 60.0]))
_blows = st.builds(_blow, st.integers(0, 2), st.sampled_from(["silent", "vanishes", "is outbid"]))
_jumps = st.builds(_jump, st.sampled_from([30.0, 400.0, 7200.0]))
_sleeps = st.builds(_sleep, st.sampled_from([20.0, 120.0]))
_away = st.builds(_without, st.sampled_from(["ledger", "redis"]), st.sampled_from([5.0, 40.0, 120.0]))
_owner = st.sampled_from(
    [
        Event("the owner says down --all", World.take_down),
        Event("the owner says up", World.lift),
        Event("everybody cancels", World.forget_jobs),
    ]
)
