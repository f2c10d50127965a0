"""Parking by itself ends where parked machines do not come back."""

from provisioner.lifecycle import State
from provisioner.observe import _idle_s
from provisioner.wakes import ENOUGH, parking_pays
from tasks.ledger import Instance
from tests.unit.provisioner.machines import NOW, ago, row

LOST = "not running 35 s after it was woken: its GPU is taken"


def woken(number: int, *, lost: int) -> list[Instance]:
    """So many that were woken, of which so many did not run again."""
    reasons = [LOST] * lost + ["idle for 300 s"] * (number - lost)
    return [row(State.DESTROYED, waking_at=ago(900), end_reason=reason) for reason in reasons]


def test_it_is_trusted_until_enough_was_seen() -> None:
    """The simulation's assumption stands for a new market."""
    assert parking_pays([])
    assert parking_pays(woken(ENOUGH - 1, lost=ENOUGH - 1))


def test_it_ends_where_most_wakes_fail() -> None:
    """Half of them must work; machines that were never woken prove nothing."""
    assert parking_pays(woken(4, lost=2))
    assert not parking_pays(woken(4, lost=3))
    assert not parking_pays([*woken(4, lost=4), *(row() for _ in range(20))])


def test_waking_is_no_idling() -> None:
    """However long it slept and took to wake: idleness begins when it is ready again."""
    asleep = {"ready_at": ago(900), "waking_at": ago(90)}
    assert _idle_s(row(State.WAKING, **asleep), ago(600), is_at_work=False, now=NOW) is None
    again = row(State.READY, **asleep, idle_since=ago(2))
    assert _idle_s(again, ago(600), is_at_work=False, now=NOW) == 2
