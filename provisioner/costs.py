"""What machines cost: the GPU while the container runs, storage from intent to end, what it downloaded. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from provisioner.lifecycle import State
from tasks.ledger import Instance

_S_PER_HOUR = 3600.0


@dataclass(frozen=True, kw_only=True)
class Cost:
    """US dollars by kind, and the hours for which a GPU was billed."""

    gpu_usd: float = 0.0
    storage_usd: float = 0.0
    bandwidth_usd: float = 0.0
    gpu_h: float = 0.0

    @property
    def total_usd(self) -> float:
        """All kinds together."""
        return self.gpu_usd + self.storage_usd + self.bandwidth_usd


def cost(row: Instance, *, until: datetime, since: datetime | None = None) -> Cost:
    """What one machine cost from `since` (default: its intent) to `until` or its end, whichever is earlier.

    An intent that was refused never cost anything; one whose fate is unknown is counted as if it existed. Bandwidth
    is counted at the intent and in whole, though it is billed as it comes in.
    """
    if was_refused(row):
        return Cost()
    end = min(until, row.destroyed_at or until)
    begin = max(row.intended_at, since or row.intended_at)
    gpu_h = sum(_hours(max(begin, start), min(end, stop)) for start, stop in _runs(row, end))
    return Cost(
        gpu_usd=gpu_h * _gpu_usd_per_hour(row),
        storage_usd=_hours(begin, end) * row.storage_usd_per_hour,
        bandwidth_usd=(row.bandwidth_usd or 0.0) if begin <= row.intended_at <= until else 0.0,
        gpu_h=gpu_h,
    )


def cost_usd(row: Instance, *, until: datetime, since: datetime | None = None) -> float:
    """US dollars for one machine, all kinds together; see `cost`."""
    return cost(row, until=until, since=since).total_usd


def finished_runs(row: Instance, *, now: datetime) -> dict[str, Any]:
    """The value of `runs_json` when a machine stops running at `now`, as for parking."""
    before = list((row.runs_json or {}).get("runs", []))
    if row.running_at is not None:
        before.append([row.running_at.isoformat(), now.isoformat()])
    return {"runs": before}


def burn_usd_per_hour(row: Instance) -> float:
    """What a live machine costs per hour once it runs; machines that still boot count with their full price."""
    if row.state == State.PARKED:
        return row.storage_usd_per_hour
    return 0.0 if row.state == State.DESTROYED else row.usd_per_hour


def spent_usd(rows: Iterable[Instance], *, since: datetime, until: datetime) -> float:
    """US dollars of all machines between two moments."""
    return sum(cost_usd(row, since=since, until=until) for row in rows)


def was_refused(row: Instance) -> bool:
    """The provider said no to this intent: it never existed. Giving an ambiguous one up notes `destroying_at`."""
    return row.state == State.DESTROYED and row.created_at is None and row.destroying_at is None


def midnight(now: datetime) -> datetime:
    """When the present day of the daily cap began: midnight in UTC."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def month_start(now: datetime) -> datetime:
    """When the present month of the monthly cap began: the first, midnight in UTC."""
    return midnight(now).replace(day=1)


def _runs(row: Instance, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    for begin, stop in (row.runs_json or {}).get("runs", []):
        yield datetime.fromisoformat(begin), datetime.fromisoformat(stop)
    if row.running_at is not None:
        yield row.running_at, end


def _gpu_usd_per_hour(row: Instance) -> float:
    return max(0.0, row.usd_per_hour - row.storage_usd_per_hour)


def _hours(begin: datetime, end: datetime) -> float:
    return max(0.0, (end - begin).total_seconds()) / _S_PER_HOUR
