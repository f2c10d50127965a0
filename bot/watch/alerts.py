"""What the owner must hear of, from what is known at a moment. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.progress.stages import FleetView
from tasks.errors import ErrorCode
from tasks.ledger import Instance, Job
from tasks.ledger.alerts import Notice
from tasks.lifecycle import JobState
from tasks.schema import FleetStatus

WAITS_TOO_LONG = timedelta(minutes=10)
_SILENT = timedelta(minutes=5)
_POSTS_FAIL_FROM = 3
_WARN_AT = 0.8


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What can be seen. `failed` are jobs that ended in the last hour, `machines` those of the last day.

    `notices` are what the provisioner put down within the last day.
    """

    fleet: FleetView
    queue: Sequence[Job]
    failed: Sequence[Job] = ()
    machines: Sequence[Instance] = ()
    notices: Sequence[Notice] = ()


@dataclass(frozen=True)
class Alert:
    """One alert: `key` makes it the same one when it is seen again, `about` names its sentence."""

    key: str
    about: str
    values: dict[str, object] = field(default_factory=dict)


def alerts(scene: Scene, *, now: datetime) -> list[Alert]:
    """Everything that is wrong now; the caller gives each key once."""
    told = [Alert(notice.key, notice.about, dict(notice.values_json)) for notice in scene.notices]
    return [*_budget(scene.fleet.status, now), *_machines(scene), *_posts(scene, now), *_waiting(scene, now), *told]


def _budget(status: FleetStatus | None, now: datetime) -> Iterator[Alert]:
    if status is None or not status.usd_per_day_cap:
        return
    values: dict[str, object] = {"today": f"{status.usd_today:.2f}", "cap": f"{status.usd_per_day_cap:.2f}"}
    share = status.usd_today / status.usd_per_day_cap
    if share >= 1:
        yield Alert(f"budget_cap:{now:%Y-%m-%d}", "budget_cap", values)
    elif share >= _WARN_AT:
        yield Alert(f"budget_80:{now:%Y-%m-%d}", "budget_80", values)


def _machines(scene: Scene) -> Iterator[Alert]:
    for machine in scene.machines:
        if machine.created_at is not None and machine.ready_at is None and machine.destroyed_at is not None:
            values: dict[str, object] = {
                "gpu": machine.gpu,
                "machine": machine.machine_id,
                "reason": machine.end_reason or "-",
            }
            yield Alert(f"never_ready:{machine.id}", "never_ready", values)


def _posts(scene: Scene, now: datetime) -> Iterator[Alert]:
    lost = [job for job in scene.failed if job.failure is not None and job.failure.code is ErrorCode.CANNOT_POST]
    if len(lost) >= _POSTS_FAIL_FROM:
        channels = ", ".join(f"<#{channel}>" for channel in dict.fromkeys(job.channel_id for job in lost[:5]))
        yield Alert(f"posts:{now:%Y-%m-%dT%H}", "posts", {"number": len(lost), "channels": channels})


def _waiting(scene: Scene, now: datetime) -> Iterator[Alert]:
    waiting = [job for job in scene.queue if job.state in (JobState.RECEIVED, JobState.QUEUED)]
    oldest = min((job.received_at for job in waiting), default=now)
    if scene.fleet.workers or now - oldest < WAITS_TOO_LONG:
        return
    status, hour = scene.fleet.status, f"{now:%Y-%m-%dT%H}"
    values: dict[str, object] = {"number": len(waiting), "since": f"<t:{int(oldest.timestamp())}:R>"}
    if status is None or now - status.at > _SILENT:
        yield Alert(f"silent:{hour}", "silent", values)
    else:
        yield Alert(f"no_gpu:{hour}", "no_gpu", values | {"reason": status.blocked or status.sentence or "-"})
