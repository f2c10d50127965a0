"""What the fleet cost within a period: by machine and by day, with what the provider charged beside it. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from provisioner import costs
from provisioner.costs import Cost
from tasks.ledger import Instance

_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


@dataclass(frozen=True, kw_only=True)
class MachineCost:
    """One machine within the period, in US dollars. `jobs`: pictures' jobs that it finished in its whole life."""

    instance_id: str
    provider: str
    profile: str
    gpu: str
    begun: datetime
    ended: datetime | None
    gpu_h: float
    gpu_usd: float
    storage_usd: float
    bandwidth_usd: float
    total_usd: float
    charged_usd: float | None
    jobs: int

    @property
    def usd_per_job(self) -> float | None:
        """A job's share; None where it finished none."""
        return self.total_usd / self.jobs if self.jobs else None


@dataclass(frozen=True, kw_only=True)
class Report:
    """All machines that cost money within the period, oldest first, and the same by day in UTC."""

    since: datetime
    until: datetime
    machines: tuple[MachineCost, ...]
    days: tuple[tuple[datetime, Cost], ...]

    @property
    def total_usd(self) -> float:
        """Everything together."""
        return sum(machine.total_usd for machine in self.machines)

    @property
    def jobs(self) -> int:
        """Jobs that these machines finished."""
        return sum(machine.jobs for machine in self.machines)

    def data(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            "total_usd": self.total_usd,
            "jobs": self.jobs,
            "usd_per_job": self.total_usd / self.jobs if self.jobs else None,
            "machines": [_plain(machine) for machine in self.machines],
            "days": [{"day": day.date().isoformat(), **asdict(cost)} for day, cost in self.days],
        }


def report(rows: Sequence[Instance], jobs: Mapping[str, int], *, since: datetime, until: datetime) -> Report:
    """Machines that were refused are left out: they never existed."""
    real = [row for row in rows if not costs.was_refused(row)]
    machines = tuple(_machine(row, jobs.get(row.id, 0), since=since, until=until) for row in real)
    days = tuple((day, _sum(real, since=max(day, since), until=end)) for day, end in _days(since, until))
    return Report(since=since, until=until, machines=machines, days=days)


def period(text: str) -> timedelta:
    """`36h`, `7d` or `2w`.

    Raises:
        ValueError: saying what would be right.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([hdw])", text.strip())
    if found is None or float(found[1]) <= 0:
        message = f"{text!r} is no period; say 36h, 7d or 2w"
        raise ValueError(message)
    return float(found[1]) * _UNITS[found[2]]


def _machine(row: Instance, jobs: int, *, since: datetime, until: datetime) -> MachineCost:
    cost = costs.cost(row, since=since, until=until)
    return MachineCost(
        instance_id=row.id,
        provider=row.provider,
        profile=row.profile,
        gpu=row.gpu,
        begun=row.intended_at,
        ended=row.destroyed_at,
        gpu_h=cost.gpu_h,
        gpu_usd=cost.gpu_usd,
        storage_usd=cost.storage_usd,
        bandwidth_usd=cost.bandwidth_usd,
        total_usd=cost.total_usd,
        charged_usd=row.charged_usd,
        jobs=jobs,
    )


def _plain(machine: MachineCost) -> dict[str, Any]:
    values = asdict(machine) | {"usd_per_job": machine.usd_per_job}
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}


def _days(since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    day = costs.midnight(since)
    while day < until:
        yield day, min(day + timedelta(days=1), until)
        day += timedelta(days=1)


def _sum(rows: Sequence[Instance], *, since: datetime, until: datetime) -> Cost:
    found = [costs.cost(row, since=since, until=until) for row in rows if row.intended_at < until]
    return Cost(
        gpu_usd=sum(one.gpu_usd for one in found),
        storage_usd=sum(one.storage_usd for one in found),
        bandwidth_usd=sum(one.bandwidth_usd for one in found),
        gpu_h=sum(one.gpu_h for one in found),
    )
