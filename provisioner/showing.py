"""Tables and JSON for the command line. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.table import Table

from provisioner import costs
from provisioner.bookkeeping import IDLE_WORTH_A_WORD_S
from provisioner.lifecycle import BOOTABLE, UNRESOLVED, State
from provisioner.reaping import Victim
from tasks.ledger import Instance, Leadership
from tasks.schema import FleetStatus, age_s


def status_data(
    status: FleetStatus | None,
    rows: Sequence[Instance],
    leader: Leadership | None,
    *,
    now: datetime,
    worked_at: Mapping[str, datetime] | None = None,
) -> dict[str, Any]:
    """`status --json`. `worked_at`: instance id → when it last claimed or ended a job."""
    return {
        "leader": None if leader is None or leader.until < now else leader.holder,
        "fleet": None if status is None else status.model_dump(mode="json"),
        "instances": [_instance(row, (worked_at or {}).get(row.id), now) for row in rows],
    }


def status_lines(data: dict[str, Any], *, now: datetime) -> list[str]:
    """The sentences around the table."""
    fleet = data["fleet"]
    if fleet is None:
        return ["No provisioner has reported for two minutes; start one with: python -m provisioner run"]
    status = FleetStatus.read(fleet)
    lines = [status.sentence, f"Spent since midnight UTC: ${status.usd_today:.2f} of ${status.usd_per_day_cap:.2f}."]
    if status.blocked:
        lines.append(f"Blocked: {status.blocked}.")
    if data["leader"] is None:
        lines.append(f"Nobody leads; this is {age_s(status.at, now=now):.0f} s old.")
    return lines


def idle_lines(data: dict[str, Any]) -> list[str]:
    """A warning for each machine that has cost money for nothing for two minutes."""
    return [
        f"{row['gpu']} ({row['instance_id']}) has done nothing for {row['idle_s'] / 60:.0f} min and costs "
        f"${row['usd_per_hour']:.3f}/h, ${row['cost_usd']:.4f} so far; it ends by itself, or at once with: "
        f"python -m provisioner down {row['instance_id']}"
        for row in data["instances"]
        if (row["idle_s"] or 0.0) >= IDLE_WORTH_A_WORD_S
    ]


def status_table(data: dict[str, Any]) -> Table:
    """The live machines."""
    table = Table("instance", "stage", "GPU", "$/h", "age", "ready", "cost so far", "provider id")
    for row in data["instances"]:
        table.add_row(
            row["instance_id"],
            row["stage"],
            row["gpu"],
            f"{row['usd_per_hour']:.3f}",
            f"{row['age_s'] / 60:.1f} min",
            _readiness(row),
            f"${row['cost_usd']:.4f}",
            row["provider_instance_id"] or "not known yet",
        )
    return table


def victims_data(victims: Sequence[Victim]) -> list[dict[str, Any]]:
    """`reap --json`."""
    return [
        {
            "provider_instance_id": victim.listed.provider_instance_id,
            "label": victim.listed.label,
            "status": victim.listed.status.value,
            "gpu": victim.listed.gpu,
            "usd_per_hour": victim.listed.usd_per_hour,
            "cost_usd": victim.cost_usd,
            "orphan": victim.is_orphan,
        }
        for victim in victims
    ]


def victims_table(victims: Sequence[Victim]) -> Table:
    """What would be destroyed, and what it costs."""
    table = Table("provider id", "label", "status", "GPU", "$/h", "cost so far", "intent")
    for victim in victims:
        table.add_row(
            victim.listed.provider_instance_id,
            victim.listed.label,
            victim.listed.status.value,
            victim.listed.gpu,
            f"{victim.listed.usd_per_hour:.3f}",
            "unknown" if victim.cost_usd is None else f"${victim.cost_usd:.4f}",
            "none: an orphan" if victim.is_orphan else "live",
        )
    return table


def _readiness(row: Mapping[str, Any]) -> str:
    """When a machine that starts should take jobs, by its age."""
    if row["boot_deadline_s"] is None:
        return ""
    return f"at {row['boot_expected_s'] / 60:.1f}, at most {row['boot_deadline_s'] / 60:.1f} min"


def _instance(row: Instance, worked_at: datetime | None, now: datetime) -> dict[str, Any]:
    starts = row.state in BOOTABLE | UNRESOLVED
    ready = (row.idle_since or row.ready_at) if row.state == State.READY else None
    return {
        "instance_id": row.id,
        "stage": row.state,
        "gpu": row.gpu,
        "usd_per_hour": row.usd_per_hour,
        "age_s": age_s(row.intended_at, now=now),
        "boot_expected_s": row.boot_expected_s if starts else None,
        "boot_deadline_s": row.boot_deadline_s if starts else None,
        "cost_usd": costs.cost_usd(row, until=now),
        "idle_s": None if ready is None else age_s(max(ready, worked_at or ready), now=now),
        "provider": row.provider,
        "provider_instance_id": row.provider_instance_id,
        "reason": row.reason,
    }
