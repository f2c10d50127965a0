"""What machines did to us counts against them, and is forgotten in time."""

from datetime import timedelta

import pytest

from provisioner import offers
from provisioner.lifecycle import State
from provisioner.strikes import HALF_LIFE_S, Strikes
from tasks.ledger import Instance
from tests.unit.provisioner.machines import NOW, PROFILE, ago, offer, row


def failed(seconds: float, reason: str = "not ready after 600 s", machine_id: str = "m9") -> Instance:
    return row(
        State.DESTROYED,
        machine_id=machine_id,
        intended_at=ago(seconds),
        ready_at=None,
        end_reason=reason,
        destroying_at=ago(seconds),
    )


def test_a_strike_halves_every_day() -> None:
    """A machine gets its chance back."""
    strikes = Strikes.of([failed(0), failed(HALF_LIFE_S)], now=NOW)
    assert strikes.score("m9") == pytest.approx(1.5)
    assert Strikes.of([failed(0)], now=NOW + timedelta(days=7)).score("m9") < 0.01
    assert strikes.score("another") == 0


def test_what_was_not_its_fault_does_not_count() -> None:
    """Ended by hand, by a cap, or before it existed."""
    for reason in ("reaped by hand", "max_usd_per_day is reached", "the fleet was taken down by hand (x)", ""):
        assert Strikes.of([failed(0, reason)], now=NOW).score("m9") == 0
    never = row(State.DESTROYED, machine_id="m9", provider_instance_id=None, ready_at=None, end_reason="offer gone")
    assert Strikes.of([never], now=NOW).score("m9") == 0


def test_three_fresh_strikes_keep_a_machine_out() -> None:
    """Until they have decayed; the reason says so."""
    strikes = Strikes.of([failed(number) for number in range(3)], now=NOW)
    assert offers.against(offer(), PROFILE, strikes=strikes) == "strikes: 3.0 failed starts"
    later = Strikes.of([failed(number) for number in range(3)], now=NOW + timedelta(days=1))
    assert offers.against(offer(), PROFILE, strikes=later) == ""


def test_one_strike_costs_a_rank() -> None:
    """A machine that failed once is rented after an equal one, and before one that is half as dear again."""
    strikes = Strikes.of([failed(0)], now=NOW)
    struck, equal = offer(id="a"), offer(id="b", machine_id="m1")
    dear = offer(id="c", machine_id="m2", usd_per_hour=0.6)
    ranking = offers.rank([struck, dear, equal], PROFILE, download_gb=15, strikes=strikes)
    assert [one.id for one in ranking.fitting] == ["b", "a", "c"]


def test_good_starts_make_up_for_bad_ones() -> None:
    """The chance that the next start works, between never and always."""
    good = [row(machine_id="m9", intended_at=ago(number), ready_at=ago(0)) for number in range(20)]
    assert Strikes.of([*good, failed(0)], now=NOW).chance("m9") > Strikes.of([failed(0)], now=NOW).chance("m9")
    assert 0 < Strikes.of([failed(0)] * 50, now=NOW).chance("m9") < 0.1
    assert Strikes().chance("unknown") == pytest.approx(0.917, abs=0.01)


def test_a_slow_line_costs_time_and_a_dear_one_money() -> None:
    """Both count until the machine is ready."""
    assert offers.boot_s(offer(download_mbps=100), download_gb=15) > offers.boot_s(offer(), download_gb=15) > 60
    dear = offers.until_ready_usd(offer(usd_per_gb_down=0.02), download_gb=15)
    assert dear > offers.until_ready_usd(offer(), download_gb=15) + 0.3
    slow, quick = offer(id="a", download_mbps=200), offer(id="b", download_mbps=2000)
    assert offers.rank([slow, quick], PROFILE, download_gb=15).fitting[0] is quick


def test_an_impossible_wish_says_what_alone_would_help() -> None:
    """And says so where nothing alone would."""
    market = [offer(cuda=11.0), offer(id="2", cuda=11.0), offer(id="3", reliability=0.5, cuda=11.0)]
    assert offers.remedies(market, PROFILE) == ["Without min_cuda, 2 of 3 would fit."]
    assert "at least two" in offers.remedies([market[2]], PROFILE)[0]
    assert offers.remedies([offer()], PROFILE) == []
