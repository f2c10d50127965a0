"""Carries the sweep's remedies out: ledger first, then the message. Whoever comes late changes nothing."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from redis import Redis

from provisioner import sweep
from provisioner.observe import Sight
from provisioner.sightings import Since
from provisioner.sweep import Expire, FreeLease, Post, Queue, Remedy, Requeue, Retry, Tell
from tasks import routing
from tasks.errors import ErrorCode
from tasks.leases import Lease
from tasks.ledger import Job, Ledger
from tasks.lifecycle import JobState
from tasks.publishing import BrokerUnavailable, Publisher
from tasks.schema import Failure

log = structlog.get_logger()

# Discord refuses interaction tokens after this time anyway.
TOKEN_LIFE = timedelta(minutes=15)
# A courier that was sent is given this long before it is sent again, each time twice as long: while Discord is away
# for hours, hundreds of pictures must not knock every few seconds.
NUDGE_FIRST = timedelta(seconds=15)
NUDGE_AT_LEAST_EVERY = timedelta(minutes=2)


@dataclass(frozen=True)
class _Nudge:
    again_at: datetime
    pause: timedelta


class Sweeper:
    """Brings lost jobs back. Runs in the leader only."""

    def __init__(
        self,
        ledger: Ledger,
        redis: Redis,
        publisher: Publisher,
        *,
        max_age_s: float,
        now: Callable[[], datetime],
    ) -> None:
        self._ledger = ledger
        self._redis = redis
        self._publisher = publisher
        self._max_age_s = max_age_s
        self._now = now
        self._nudged: dict[tuple[str, str], _Nudge] = {}
        self._held = Since()
        self._leased = Since()
        self._handlers: dict[type, Callable[..., None]] = {
            Queue: self._queue,
            Requeue: self._requeue,
            Retry: self._retry,
            FreeLease: self._free_lease,
            Post: lambda remedy: self._nudge(routing.POST, remedy),
            Tell: lambda remedy: self._nudge(routing.TELL, remedy),
            Expire: self._expire,
        }

    def sweep(self, sight: Sight, *, gone_workers: Collection[str]) -> int:
        """Put right what `sight` shows to be lost; returns how many remedies were applied.

        One job that cannot be helped keeps no other from it.

        Raises:
            BrokerUnavailable: the rest comes with the next sweep; what is in the ledger is not lost.
        """
        remedies = sweep.decide(
            sight.jobs,
            self._ledger.jobs.untold(),
            sight.broker,
            gone_workers=gone_workers,
            max_age_s=self._max_age_s,
            now=self._now(),
            stuck=self._stuck(sight),
        )
        applied = sum([self._apply(remedy) for remedy in remedies])
        wanted = {remedy.job.id for remedy in remedies}
        self._nudged = {
            key: nudge for key, nudge in self._nudged.items() if key[1] in wanted or self._now() < nudge.again_at
        }
        self._ledger.jobs.forget_tokens(before=self._now() - TOKEN_LIFE)
        return applied

    def _apply(self, remedy: Remedy) -> bool:
        try:
            self._handlers[type(remedy)](remedy)
        except BrokerUnavailable:
            raise
        except Exception:
            log.exception("job cannot be helped now", job_id=remedy.job.id, remedy=type(remedy).__name__)
            return False
        return True

    def _stuck(self, sight: Sight) -> set[str]:
        """Job ids that one worker has held for longer than any job may take, by what we saw ourselves."""
        now, leases, holders = self._now(), sight.broker.leases, sight.broker.held
        epochs = {job.id: job.epoch for job in sight.jobs}
        leased = {f"{job_id}.{epochs[job_id]}@{worker}": job_id for job_id, (worker, _) in leases.items()}
        held = {
            f"{job_id}.{epoch}@{worker}": job_id
            for (job_id, epoch), worker in holders.items()
            if epochs.get(job_id) == epoch and job_id not in leases
        }
        self._leased.saw(leased, now=now)
        self._held.saw(held, now=now)
        too_long = {held[key] for key in held if self._held.seconds(key, now=now) > sweep.HELD_AT_MOST_S}
        return too_long | {leased[key] for key in leased if self._leased.seconds(key, now=now) > sweep.LEASED_AT_MOST_S}

    def _queue(self, remedy: Queue) -> None:
        self._publish(self._ledger.jobs.queue(remedy.job.id, now=self._now()), remedy)

    def _requeue(self, remedy: Requeue) -> None:
        job = remedy.job
        self._publish(self._ledger.jobs.requeue(job.id, epoch=job.epoch, now=self._now()), remedy)

    def _retry(self, remedy: Retry) -> None:
        job = remedy.job
        failure = Failure(code=ErrorCode.WORKER_FAULT, detail=f"{job.worker_id}: {remedy.why}")
        moved = self._ledger.jobs.retry_or_fail(
            job.id, epoch=job.epoch, failure=failure, now=self._now(), host_lost=remedy.host_lost
        )
        if moved is not None and moved.state is JobState.FAILED:
            log.warning("job failed for good", job_id=job.id, attempts=job.attempts, why=remedy.why)
            self._publisher.withdraw(job.id)
            return
        self._publish(moved, remedy)

    def _publish(self, job: Job | None, remedy: Remedy) -> None:
        if job is None:
            return  # it moved on while we looked
        self._publisher.render(job.id, epoch=job.epoch, spec=job.spec, priority=job.priority, now=self._now())
        self._ledger.jobs.published(job.id, epoch=job.epoch, now=self._now())
        log.info("job brought back", job_id=job.id, epoch=job.epoch, why=remedy.why)

    def _free_lease(self, remedy: FreeLease) -> None:
        Lease(self._redis, remedy.job.id, epoch=remedy.epoch, worker_id=remedy.worker_id).release()
        log.info("lease taken back", job_id=remedy.job.id, why=remedy.why)

    def _nudge(self, task: str, remedy: Remedy) -> None:
        key = (task, remedy.job.id)
        now, before = self._now(), self._nudged.get(key)
        if before is not None and now < before.again_at:
            return
        pause = NUDGE_FIRST if before is None else min(2 * before.pause, NUDGE_AT_LEAST_EVERY)
        self._nudged[key] = _Nudge(now + pause, pause)
        self._publisher.control_job(task, remedy.job.id)
        log.info("courier sent again", job_id=remedy.job.id, task=task, why=remedy.why)

    def _expire(self, remedy: Expire) -> None:
        job = self._ledger.jobs.expire(remedy.job.id, now=self._now())
        if job is None:
            return
        log.warning("job expired", job_id=job.id, why=remedy.why)
        self._publisher.withdraw(job.id)
        self._publisher.cancel(job.id)
