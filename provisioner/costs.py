"""What machines cost: the GPU while the container runs, storage from intent to end, bandwidth excluded. Pure."""

from collections.abc import Iterable
from datetime import UTC, datetime

from provisioner.lifecycle import State
from tasks.ledger import Instance

_S_PER_HOUR = 3600.0


def cost_usd(row: Instance, *, until: datetime, since: datetime | None = None) -> float:
    """US dollars for one machine from `since` (default: its intent) to `until` or its end, whichever is earlier.

    An intent that was refused never cost anything; one whose fate is unknown is counted as if it existed.
    """
    if was_refused(row):
        return 0.0
    end = min(until, row.destroyed_at or until)
    begin = max(row.intended_at, since or row.intended_at)
    storage_h = _hours(begin, end)
    gpu_h = 0.0 if row.running_at is None else _hours(max(begin, row.running_at), end)
    return storage_h * row.storage_usd_per_hour + gpu_h * _gpu_usd_per_hour(row)


def burn_usd_per_hour(row: Instance) -> float:
    """What a live machine costs per hour once it runs; machines that still boot count with their full price."""
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


def _gpu_usd_per_hour(row: Instance) -> float:
    return max(0.0, row.usd_per_hour - row.storage_usd_per_hour)


def _hours(begin: datetime, end: datetime) -> float:
    return max(0.0, (end - begin).total_seconds()) / _S_PER_HOUR
