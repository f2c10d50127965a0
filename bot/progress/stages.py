"""From the ledger's row, the worker's news and the fleet's status to one honest line about the wait. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from tasks import estimate
from tasks.ledger import Job
from tasks.lifecycle import JobState
from tasks.schema import FleetStatus, InstanceView, Progress, Stage, age_s

SILENT_AFTER_S = 60.0
POSTING_S = 2.0
_SOONEST_BOOT_S = 10.0
_LONGEST_S = 6 * 3600.0

_RENTING = frozenset({"intended", "ambiguous", "allocating"})
_ENDING = frozenset({"draining", "destroying", "destroyed"})
_SERVING = frozenset({"ready"})


class Phase(StrEnum):
    """What a waiting member is told."""

    QUEUED = "queued"
    RENTING = "renting"
    BOOTING = "booting"
    BLOCKED = "blocked"
    SILENT = "silent"
    CLAIMED = "claimed"
    FETCHING = "fetching_weights"
    LOADING = "loading_model"
    SAMPLING = "sampling"
    ENCODING = "encoding"
    POSTING = "posting"


_OF_STAGE = {
    Stage.FETCHING: Phase.FETCHING,
    Stage.LOADING: Phase.LOADING,
    Stage.SAMPLING: Phase.SAMPLING,
    Stage.ENCODING: Phase.ENCODING,
    Stage.UPLOADING: Phase.POSTING,
}


@dataclass(frozen=True, kw_only=True)
class FleetView:
    """What the bot can see of the GPUs: the provisioner's last word, how many hearts beat, what is at hand.

    `loaded` are ids of models and LoRAs.
    """

    status: FleetStatus | None = None
    workers: int = 0
    loaded: frozenset[str] = frozenset()

    def heard(self, now: datetime) -> bool:
        """Whether the provisioner's word is young enough to be repeated."""
        return self.status is not None and age_s(self.status.at, now=now) <= SILENT_AFTER_S


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """One line about the wait. `ahead` jobs come first; `step` of `steps` while drawing; `ready_at` is a guess.

    `preview` is base64 of what a worker calls a picture of its work so far; nobody has looked at it yet.
    """

    phase: Phase
    ahead: int = 0
    step: int = 0
    steps: int = 0
    reason: str = ""
    ready_at: datetime | None = None
    preview: str = field(default="", repr=False)


def waiting(
    job: Job, queue: Sequence[Job], *, fleet: FleetView, news: Progress | None, rate: float, now: datetime
) -> Waiting:
    """Where `job` is.

    Args:
        job: the row.
        queue: everything that has not ended, this job included.
        fleet: what is known of the GPUs.
        news: the worker's last word on this job, with `at` by our own clock; that of another epoch is ignored.
        rate: learned seconds per work unit, from `tasks.estimate`.
        now: aware UTC.
    """
    if job.state in (JobState.RENDERED, JobState.POSTING):
        return Waiting(phase=Phase.POSTING)
    if news is not None and news.epoch == job.epoch and job.state in (JobState.QUEUED, JobState.CLAIMED):
        return _at_work(news, job, rate=rate)
    if job.state is JobState.CLAIMED:
        return Waiting(phase=Phase.CLAIMED, ready_at=_after(now, _own_s(job, rate)))
    ahead = before(job, queue)
    phase, reason = _queued_phase(fleet, now)
    wait_s = expected_s(job, ahead, fleet=fleet, rate=rate, now=now)
    return Waiting(
        phase=phase,
        ahead=sum(each.state is not JobState.CLAIMED for each in ahead),
        reason=reason,
        ready_at=None if wait_s is None else _after(now, wait_s),
    )


def before(job: Job, queue: Sequence[Job]) -> list[Job]:
    """The jobs that a worker finishes before it begins this one."""
    rank = (job.priority, job.received_at)
    return [
        each
        for each in queue
        if each.id != job.id
        and (
            each.state is JobState.CLAIMED
            or (each.state in (JobState.RECEIVED, JobState.QUEUED) and (each.priority, each.received_at) < rank)
        )
    ]


def expected_s(job: Job | None, ahead: Sequence[Job], *, fleet: FleetView, rate: float, now: datetime) -> float | None:
    """Seconds until `job` (None: the next one, of usual size) is posted; None where nobody can say."""
    boot_s = _boot_s(fleet, now)
    if boot_s is None:
        return None
    work_s = sum(_own_s(each, rate) for each in ahead) / max(1, fleet.workers)
    usual_s = estimate.OVERHEAD_S + 60 * rate
    return boot_s + work_s + (usual_s if job is None else _own_s(job, rate)) + POSTING_S


def _at_work(news: Progress, job: Job, *, rate: float) -> Waiting:
    # A worker's word is shown, never believed: no number of its can break the sentence.
    left_s = _own_s(job, rate) if news.seconds_left is None else min(max(news.seconds_left, 0.0), _LONGEST_S)
    sampling = news.stage is Stage.SAMPLING
    return Waiting(
        phase=_OF_STAGE[news.stage],
        step=min(max(news.step, 0), news.steps) if sampling else 0,
        steps=max(news.steps, 0) if sampling else 0,
        ready_at=_after(news.at, left_s) if news.stage in (Stage.SAMPLING, Stage.LOADING) else None,
        preview=news.preview if _may_preview(news, job) else "",
    )


def _may_preview(news: Progress, job: Job) -> bool:
    """Only by the worker that holds the job, and nothing that is hidden or that a safety checker has yet to judge."""
    return news.worker_id == job.worker_id and not job.spoiler and job.spec.safety is None


def _queued_phase(fleet: FleetView, now: datetime) -> tuple[Phase, str]:
    if fleet.workers:
        return Phase.QUEUED, ""
    if fleet.status is None or not fleet.heard(now):
        return Phase.SILENT, ""
    coming = _coming(fleet.status)
    if any(instance.stage not in _RENTING for instance in coming):
        return Phase.BOOTING, ""
    if fleet.status.blocked and not coming:
        return Phase.BLOCKED, fleet.status.blocked
    return Phase.RENTING, ""


def _coming(status: FleetStatus) -> list[InstanceView]:
    return [instance for instance in status.instances if instance.stage not in _ENDING]


def _boot_s(fleet: FleetView, now: datetime) -> float | None:
    """Seconds until some worker is ready; None where none is in sight."""
    if fleet.workers:
        return 0.0
    status = fleet.status
    if status is None or not fleet.heard(now):
        return None
    coming = _coming(status)
    if any(instance.stage in _SERVING for instance in coming):
        return 0.0
    if status.blocked and not coming:
        return None
    oldest_s = max((instance.age_s for instance in coming), default=0.0)
    return max(_SOONEST_BOOT_S, status.boot_estimate_s - oldest_s)


def _own_s(job: Job, rate: float) -> float:
    return estimate.OVERHEAD_S + job.predicted_units * rate


def _after(moment: datetime, seconds: float) -> datetime:
    return moment + timedelta(seconds=seconds)
