"""When a start is given up follows from the offer and from what was learned, between two bounds of the owner's."""

from typing import Any

import pytest

from provisioner import deadlines, offers, policy, reconcile
from provisioner.actions import Destroy, Launch
from provisioner.appraisal import Appraisal
from provisioner.deadlines import Boot
from provisioner.lifecycle import State
from provisioner.observation import Market
from provisioner.paces import Paces
from provisioner.strikes import Strikes
from tasks.ledger import Instance
from tests.unit.provisioner.machines import NOW, PROFILE, RULES, ago, machine, observation, offer, row

BOUNDS = PROFILE.model_copy(update={"boot_deadline_s": 900.0, "boot_deadline_min_s": 150.0})
GB = 12.0
PROMISED_S = 180.0  # 12 GB at 800 Mbit/s, and 60 s to start


def started(after_s: float, machine_id: str = "m9", *, promised_s: float | None = PROMISED_S) -> Instance:
    """A machine that was ready so long after its intent."""
    return row(machine_id=machine_id, intended_at=ago(after_s), ready_at=NOW, boot_promised_s=promised_s)


def given_up(after_s: float, machine_id: str = "m9", reason: str = "not ready after 400 s") -> Instance:
    values: dict[str, Any] = {"machine_id": machine_id, "intended_at": ago(after_s), "destroying_at": NOW}
    return row(State.DESTROYED, ready_at=None, end_reason=reason, boot_promised_s=PROMISED_S, **values)


def test_it_follows_from_the_offers_line() -> None:
    """A quick host is given up sooner than a slow one, and both get a good deal longer than they promise."""
    quick, slow = (deadlines.boot_of(offer(download_mbps=mbps), BOUNDS, download_gb=GB) for mbps in (800, 400))
    assert (quick.promised_s, quick.expected_s) == (PROMISED_S, PROMISED_S)
    assert 2 * quick.expected_s < quick.deadline_s < 3 * quick.expected_s
    assert slow.deadline_s > 1.5 * quick.deadline_s


@pytest.mark.parametrize(("mbps", "deadline_s"), [(100_000, 150.0), (60, 900.0), (0, 900.0), (float("inf"), 900.0)])
def test_the_profile_bounds_it(mbps: float, deadline_s: float) -> None:
    """However fast the line is said to be; where nothing is known of it, the longest time holds."""
    boot = deadlines.boot_of(offer(download_mbps=mbps), BOUNDS, download_gb=GB)
    assert boot.deadline_s == deadline_s
    assert boot.expected_s <= deadline_s


def test_one_that_failed_before_gets_less_patience() -> None:
    """Of two equal offers the one with a strike is given up earlier; what is expected of it stays."""
    strikes = Strikes(bad={"m9": 1.0})
    good, struck = (deadlines.boot_of(offer(), BOUNDS, download_gb=GB, strikes=each) for each in (Strikes(), strikes))
    assert struck.deadline_s < good.deadline_s
    assert struck.expected_s == good.expected_s


def test_what_starts_take_is_learned() -> None:
    """A market that takes twice its word, and one machine in it that keeps the image and takes half."""
    rows = [*(started(90, "kept") for _ in range(4)), *(started(360, f"m{number}") for number in range(9))]
    paces = Paces.of(rows)
    assert paces.of_machine("never seen") == pytest.approx(2.0)
    assert paces.of_machine("kept") == pytest.approx(0.5)
    assert offers.boot_s(offer(machine_id="kept"), download_gb=GB, paces=paces) == pytest.approx(PROMISED_S / 2)
    ranking = Appraisal(PROFILE, 12.0, paces=paces).rank([offer(id="a"), offer(id="b", machine_id="kept")])
    assert [one.id for one in ranking.fitting] == ["b", "a"]


def test_a_single_start_and_a_dud_teach_little() -> None:
    """One slow morning is no law; a dud among many says nothing of the others."""
    assert Paces.of([started(900)]).general == 1.0
    assert Paces.of([given_up(430), *(started(180, str(number)) for number in range(5))]).general == 1.0


def test_deadlines_that_are_too_short_for_everybody_get_longer() -> None:
    """Nothing gets ready in time, so nothing would be learned from those that did: those given up count as well."""
    paces = Paces.of([given_up(430, str(number)) for number in range(8)])
    assert paces.general > 2
    before, after = (deadlines.boot_of(offer(), BOUNDS, download_gb=GB, paces=each) for each in (Paces(), paces))
    assert after.deadline_s > 2 * before.deadline_s


def test_what_was_not_slow_teaches_nothing() -> None:
    """Ended for another reason, or rented when nobody wrote the promise down."""
    rows = [given_up(5, reason="the provider says failed"), given_up(5, reason="reaped by hand")]
    assert Paces.of([*rows, *(started(900, promised_s=None) for _ in range(9))]) == Paces()


def test_the_reason_says_it() -> None:
    """In the ledger and in the sentence that `/server status`, `status` and the log show."""
    boot = Boot(promised_s=230, expected_s=240, deadline_s=545)
    market = Market(offers=(offer(),), boots={"o1": boot})
    plan = policy.plan(observation(jobs=1, seconds=30), market, RULES)
    (launch,) = [action for action in plan.actions if isinstance(action, Launch)]
    assert launch.boot is boot
    assert launch.reason.endswith("should be ready in 4 min, given up after 9 min")
    assert "for $0.400/h, should be ready in 4 min, given up after 9 min." in plan.sentence
    assert Boot(None, 70, 300).sentence == "should be ready in 70 s, given up after 5 min"


@pytest.mark.parametrize(
    ("written", "age_s", "said"),
    [
        ({"boot_expected_s": 180.0, "boot_deadline_s": 400.0}, 401, "not ready after 401 s, 180 s were expected"),
        ({"boot_expected_s": 180.0, "boot_deadline_s": 400.0}, 399, ""),
        ({"boot_expected_s": 180.0, "boot_deadline_s": 4000.0}, 601, "not ready after 601 s, 180 s were expected"),
        ({}, 601, "not ready after 601 s"),
        ({}, 599, ""),
    ],
)
def test_each_machine_has_its_own_deadline(written: dict[str, float], age_s: float, said: str) -> None:
    """And the profile's longest is never passed, nor by those that were rented before deadlines were written down."""
    starting = machine(State.ALLOCATING, listed=None, row_changes={"intended_at": ago(age_s), **written})
    actions = reconcile.reconcile(observation(starting), PROFILE)
    assert [action.reason for action in actions if isinstance(action, Destroy)] == ([said] if said else [])
