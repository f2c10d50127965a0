"""Which jobs were lost on the way, and what brings each back. The ledger is the authority; messages are hints. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from provisioner.broker import BrokerView
from tasks.ledger import Job
from tasks.lifecycle import WAITING_FOR_GPU, JobState
from tasks.schema import age_s

RECEIVED_AFTER_S = 30.0  # the bot died between writing the job down and queueing it
UNPUBLISHED_AFTER_S = 10.0  # the broker was away, or the publisher died
UNSEEN_AFTER_S = 10.0  # published, and in no list, with no worker, under no lease
UNLEASED_AFTER_S = 5.0  # claimed, and nobody holds the lease
UNPOSTED_AFTER_S = 15.0
POSTING_AFTER_S = 60.0
# A living worker takes the lease in the moment in which it takes a message. One that does not is stuck.
HELD_AT_MOST_S = 60.0
# Its own watchdog ends a worker that stalls; this is for those that have none that works.
LEASED_AT_MOST_S = 3600.0


@dataclass(frozen=True)
class Remedy:
    """What brings `job` forward, and why."""

    job: Job
    why: str


@dataclass(frozen=True)
class Queue(Remedy):
    """Take up a job that was written down and never queued."""


@dataclass(frozen=True)
class Requeue(Remedy):
    """Publish again with the next epoch."""


@dataclass(frozen=True)
class Retry(Remedy):
    """The attempt ended without a result: another one, or FAILED once attempts or hosts are used up."""

    host_lost: bool


@dataclass(frozen=True)
class FreeLease(Remedy):
    """Take the lease from a holder that can no longer use it."""

    worker_id: str
    epoch: int


@dataclass(frozen=True)
class Post(Remedy):
    """Send a courier again."""


@dataclass(frozen=True)
class Tell(Remedy):
    """Send a courier to say how it ended."""


@dataclass(frozen=True)
class Expire(Remedy):
    """It waited longer than the house allows."""


def decide(
    jobs: Sequence[Job],
    untold: Sequence[Job],
    broker: BrokerView,
    *,
    gone_workers: Collection[str],
    max_age_s: float,
    now: datetime,
    stuck: Collection[str] = (),
) -> list[Remedy]:
    """What to do for each job; nothing for those that are on their way.

    Args:
        jobs: all that have not ended.
        untold: those that ended without the member knowing.
        broker: what Redis shows; a job that the courier has unread news of is left alone.
        gone_workers: workers whose machine is being destroyed and whose Redis user is revoked.
        max_age_s: how long a job may wait for a picture in all.
        now: aware UTC.
        stuck: jobs that a worker holds for longer than any job may take; it is worth no more waiting.
    """
    remedies: list[Remedy] = []
    for job in jobs:
        if job.state in WAITING_FOR_GPU and age_s(job.received_at, now=now) > max_age_s:
            remedies.append(Expire(job, f"older than {max_age_s:.0f} s"))
        elif job.id not in broker.reported:
            remedies += _unstick(job, broker) if job.id in stuck else _for_one(job, broker, gone_workers, now)
    return remedies + [Tell(job, "its member does not know yet") for job in untold if job.id not in broker.reported]


def _for_one(job: Job, broker: BrokerView, gone: Collection[str], now: datetime) -> list[Remedy]:
    if job.state is JobState.RECEIVED:
        return _late(Queue(job, "received and never queued"), job.received_at, RECEIVED_AFTER_S, now=now)
    if job.state is JobState.QUEUED:
        return _queued(job, broker, gone, now)
    if job.state is JobState.CLAIMED:
        return _claimed(job, broker, gone, now)
    if job.state is JobState.RENDERED:
        return _late(Post(job, "rendered and not posted"), job.rendered_at, UNPOSTED_AFTER_S, now=now)
    return _late(Post(job, "a courier fell silent while posting"), job.posting_since, POSTING_AFTER_S, now=now)


def _unstick(job: Job, broker: BrokerView) -> list[Remedy]:
    why = "a worker holds it for too long"
    lease = broker.leases.get(job.id)
    freed = [FreeLease(job, why, worker_id=lease[0], epoch=lease[1])] if lease else []
    if job.state is JobState.CLAIMED:
        return [*freed, Retry(job, why, host_lost=False)]
    return [*freed, Requeue(job, why)] if job.state is JobState.QUEUED else []


def _queued(job: Job, broker: BrokerView, gone: Collection[str], now: datetime) -> list[Remedy]:
    freed = _useless_lease(job, broker, gone)
    if job.id in broker.leases and not freed:
        return []  # a worker has begun, and its news is on the way
    if job.published_at is None:
        return [*freed, *_late(Requeue(job, "never published"), job.queued_at, UNPUBLISHED_AFTER_S, now=now)]
    holder = broker.held.get((job.id, job.epoch))
    is_somewhere = (job.id, job.epoch) in broker.waiting or (holder is not None and holder not in gone)
    if is_somewhere:
        return list(freed)
    return [*freed, *_late(Requeue(job, "its message is gone"), job.published_at, UNSEEN_AFTER_S, now=now)]


def _claimed(job: Job, broker: BrokerView, gone: Collection[str], now: datetime) -> list[Remedy]:
    freed = _useless_lease(job, broker, gone)
    if job.id in broker.leases and not freed:
        return []
    is_gone = job.worker_id in gone
    retry = Retry(
        job, "its worker is gone" if is_gone else "nobody holds its lease", host_lost=_is_lost(job, broker, gone)
    )
    return [*freed, retry] if is_gone else [*freed, *_late(retry, job.claimed_at, UNLEASED_AFTER_S, now=now)]


def _useless_lease(job: Job, broker: BrokerView, gone: Collection[str]) -> list[Remedy]:
    """A lease of an earlier epoch, or of a machine that is being destroyed, only keeps the next worker out."""
    lease = broker.leases.get(job.id)
    if lease is None:
        return []
    worker_id, epoch = lease
    if epoch >= job.epoch and worker_id not in gone:
        return []
    return [FreeLease(job, f"held by {worker_id} for epoch {epoch}", worker_id=worker_id, epoch=epoch)]


def _is_lost(job: Job, broker: BrokerView, gone: Collection[str]) -> bool:
    return job.worker_id in gone or job.worker_id not in broker.heartbeats


def _late(remedy: Remedy, since: datetime | None, limit_s: float, *, now: datetime) -> list[Remedy]:
    return [remedy] if since is not None and age_s(since, now=now) > limit_s else []
