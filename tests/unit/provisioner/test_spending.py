"""What `cost` says of a period."""

from datetime import timedelta
from pathlib import Path

import pytest

from provisioner import plotting, spending
from provisioner.lifecycle import State
from tests.unit.provisioner.machines import NOW, ago, row

SINCE = NOW - timedelta(days=2)


def test_days_add_up_to_the_machines() -> None:
    """Each dollar belongs to one machine and to one day."""
    rows = [
        row(id="a", intended_at=ago(30 * 3600), running_at=ago(29 * 3600), bandwidth_usd=0.05),
        row(State.DESTROYED, id="b", intended_at=ago(7200), running_at=ago(7000), destroyed_at=ago(3600)),
    ]
    found = spending.report(rows, {"a": 10}, since=SINCE, until=NOW)
    assert [day.day for day, _ in found.days] == [18, 19, 20]
    assert sum(cost.total_usd for _, cost in found.days) == pytest.approx(found.total_usd)
    assert found.machines[0].usd_per_job == pytest.approx(found.machines[0].total_usd / 10)
    assert found.machines[1].usd_per_job is None
    assert found.data()["machines"][1]["ended"] == ago(3600).isoformat()


def test_what_was_refused_is_left_out() -> None:
    """It never existed."""
    refused = row(State.DESTROYED, created_at=None, destroyed_at=ago(500))
    assert spending.report([refused], {}, since=SINCE, until=NOW).machines == ()


@pytest.mark.parametrize(("text", "days"), [("36h", 1.5), ("7d", 7), ("2w", 14), ("0.5d", 0.5)])
def test_periods(text: str, days: float) -> None:
    """Hours, days, weeks."""
    assert spending.period(text) == timedelta(days=days)


@pytest.mark.parametrize("text", ["", "7", "d", "-1d", "0h", "7 days", "1y"])
def test_a_wrong_period_says_what_would_be_right(text: str) -> None:
    """A sentence for the command line."""
    with pytest.raises(ValueError, match="36h, 7d or 2w"):
        spending.period(text)


def test_the_plot_is_a_png(tmp_path: Path) -> None:
    """Without a screen, and with an empty period, too."""
    target = tmp_path / "cost.png"
    for rows in ([row(intended_at=ago(3600), running_at=ago(3000))], []):
        plotting.cost_per_day(spending.report(rows, {}, since=SINCE, until=NOW), target)
        assert target.read_bytes().startswith(b"\x89PNG")
