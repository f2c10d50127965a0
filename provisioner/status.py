"""`fleet:status`: what `/server status` and `python -m provisioner status` show, written on each pass."""

from datetime import timedelta

from redis import Redis

from config.registry import Fleet
from provisioner import budget
from provisioner.actions import Plan
from provisioner.observation import Machine, Observation
from tasks import keys
from tasks.schema import FleetStatus, InstanceView

# A provisioner that died must not be quoted for long.
TTL = timedelta(minutes=2)


def fleet_status(seen: Observation, plan: Plan, fleet: Fleet) -> FleetStatus:
    """The pass in a form for people: no address, no key."""
    return FleetStatus(
        at=seen.now,
        sentence=plan.sentence,
        instances=tuple(_view(machine, seen) for machine in seen.machines),
        usd_per_hour=seen.spending.usd_per_hour,
        usd_today=seen.spending.usd_today,
        usd_per_day_cap=budget.day_cap(fleet, seen.spending),
        outstanding_jobs=seen.demand.jobs,
        outstanding_s=seen.demand.seconds,
        boot_estimate_s=seen.boot_estimate_s,
        blocked=plan.blocked,
    )


def write(redis: Redis, status: FleetStatus) -> None:
    """Put it where bot and CLI read it."""
    redis.set(keys.FLEET_STATUS, status.write(), px=TTL)


def read(redis: Redis) -> FleetStatus | None:
    """What the leader last wrote; None where nobody has led for two minutes."""
    value = redis.get(keys.FLEET_STATUS)
    return FleetStatus.read(value) if isinstance(value, bytes | str) else None


def _view(machine: Machine, seen: Observation) -> InstanceView:
    return InstanceView(
        instance_id=machine.row.id,
        stage=machine.state.value,
        gpu=machine.row.gpu,
        usd_per_hour=machine.row.usd_per_hour,
        age_s=machine.age_s(seen.now),
    )
