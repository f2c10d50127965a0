"""Jobs in the ledger. Every move is a compare-and-set on (state, epoch): whoever comes late changes nothing."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from tasks.errors import RETRYABLE, ErrorCode
from tasks.estimate import work_units
from tasks.ledger.job_questions import JobQuestions, outstanding_of
from tasks.ledger.models import Attempt, Job
from tasks.ledger.shares import share_usd
from tasks.lifecycle import (
    CANCELLABLE,
    ENDED,
    MAX_ATTEMPTS,
    MAX_LOST_HOSTS,
    JobState,
    sources_of,
)
from tasks.routing import priority_for
from tasks.schema import Failure, JobSpec, Rendered


@dataclass(frozen=True, kw_only=True)
class NewJob:
    """What the bot knows when a command arrives."""

    id: str
    spec: JobSpec
    interaction_id: int
    application_id: int
    interaction_token: str
    user_id: int
    guild_id: int | None
    channel_id: int
    locale: str
    attachment_limit_bytes: int
    parent_id: str | None = None
    relation: str | None = None
    private: bool = False
    spoiler: bool = False
    # How a picture may be shown that the safety checker calls adult: `open`, `spoiler` or `not`.
    adult_showing: str = "not"
    by_dm: bool = False
    # The options that the member's own defaults filled in.
    defaulted: tuple[str, ...] = ()
    # How many further jobs of this member go to the front as their first does.
    priority_credit: int = 0


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """A job in the ledger; `created` is False where the same interaction had arrived before."""

    job: Job
    created: bool


class JobLedger(JobQuestions):
    """The jobs and their moves. Synchronous; the bot calls it through a thread."""

    # Moves, in the order of a job's life.

    def receive(self, new: NewJob, *, now: datetime) -> Receipt:
        """Write a job down before anything else happens. A replayed interaction finds its first row."""
        try:
            with self._session.begin() as session:
                ahead = max(0, outstanding_of(session, new.user_id) - new.priority_credit)
                job = _new_row(new, priority=priority_for(ahead), now=now)
                session.add(job)
        except IntegrityError:  # the command had arrived before
            winner = self.of_interaction(new.interaction_id)
            if winner is None:
                raise
            return Receipt(job=winner, created=False)
        return Receipt(job=job, created=True)

    def acknowledged(self, job_id: str, *, reply_message_id: int) -> None:
        """Discord told us the id of the reply that shows this job."""
        with self._session.begin() as session:
            session.execute(update(Job).where(Job.id == job_id).values(reply_message_id=reply_message_id))

    def queue(self, job_id: str, *, now: datetime) -> Job | None:
        """RECEIVED → QUEUED with epoch 1; None where somebody else moved it."""
        return self._move(
            job_id,
            JobState.QUEUED,
            sources={JobState.RECEIVED},
            epoch=0,
            values={"epoch": 1, "queued_at": now},
        )

    def published(self, job_id: str, *, epoch: int, now: datetime) -> None:
        """The message of this epoch is in the broker."""
        with self._session.begin() as session:
            session.execute(update(Job).where(Job.id == job_id, Job.epoch == epoch).values(published_at=now))

    def claimed(self, job_id: str, *, epoch: int, worker_id: str, now: datetime) -> Job | None:
        """QUEUED → CLAIMED: a worker holds the lease."""
        values = {"claimed_at": now, "worker_id": worker_id, "attempts": Job.attempts + 1}
        job = self._move(job_id, JobState.CLAIMED, sources=sources_of(JobState.CLAIMED), epoch=epoch, values=values)
        if job is not None:
            with self._session.begin() as session:
                session.execute(insert(Attempt).values(job_id=job_id, epoch=epoch, worker_id=worker_id, claimed_at=now))
        return job

    def rendered(self, result: Rendered, *, now: datetime) -> Job | None:
        """→ RENDERED with what the worker handed over; None for a stale epoch or an ended job."""
        with self._session() as session:
            cost_usd = share_usd(session, result, now=now)
        values = {
            "rendered_json": result.payload(),
            "rendered_at": now,
            "worker_id": result.worker_id,
            "cost_usd": cost_usd,
        }
        job = self._move(
            result.job_id,
            JobState.RENDERED,
            sources={JobState.QUEUED, JobState.CLAIMED},
            epoch=result.epoch,
            values=values,
        )
        if job is not None:
            self._end_attempt(result.job_id, epoch=result.epoch, outcome="rendered", now=now)
        return job

    def begin_posting(self, job_id: str, *, now: datetime, stale_after: timedelta) -> Job | None:
        """RENDERED → POSTING, or take over from a courier that has been silent for `stale_after`.

        `post_attempted_at` of the returned row is when an earlier attempt began: then Discord may have it already.
        """
        with self._session.begin() as session:
            takeable = or_(
                Job.state == JobState.RENDERED,
                (Job.state == JobState.POSTING) & (Job.posting_since < now - stale_after),
            )
            changed = _rows(
                session.execute(
                    update(Job).where(Job.id == job_id, takeable).values(state=JobState.POSTING, posting_since=now)
                )
            )
            return session.get(Job, job_id) if changed else None

    def post_attempted(self, job_id: str, *, now: datetime) -> None:
        """Written before the first request to Discord that may create a message."""
        with self._session.begin() as session:
            session.execute(
                update(Job).where(Job.id == job_id, Job.post_attempted_at.is_(None)).values(post_attempted_at=now)
            )

    def posted(
        self, job_id: str, *, message_id: int, route: str, now: datetime, channel_id: int | None = None
    ) -> Job | None:
        """POSTING → POSTED: Discord has the pictures. `route` is how (original, channel, dm)."""
        values = {
            "posted_message_id": message_id,
            "posted_route": route,
            "posted_channel_id": channel_id,
            "ended_at": now,
            "told_at": now,
            "interaction_token": None,
        }
        return self._move(job_id, JobState.POSTED, sources={JobState.POSTING}, epoch=None, values=values)

    def post_later(self, job_id: str) -> Job | None:
        """POSTING → RENDERED: Discord could not be reached; the sweep sends a courier again."""
        return self._move(
            job_id, JobState.RENDERED, sources={JobState.POSTING}, epoch=None, values={"posting_since": None}
        )

    def failed(self, job_id: str, *, epoch: int | None, failure: Failure, now: datetime) -> Job | None:
        """→ FAILED for good; `epoch` None where our own side decides."""
        values = {"failure_json": failure.payload(), "ended_at": now}
        job = self._move(job_id, JobState.FAILED, sources=sources_of(JobState.FAILED), epoch=epoch, values=values)
        if job is not None:
            self._end_attempt(job_id, epoch=job.epoch, outcome=failure.code, now=now)
        return job

    def retry_or_fail(
        self, job_id: str, *, epoch: int, failure: Failure, now: datetime, host_lost: bool = False
    ) -> Job | None:
        """Another attempt with the next epoch, or FAILED once attempts or hosts are used up or it cannot help.

        The returned row's state says which it was; None where the job had moved on.
        """
        job = self.get(job_id)
        if job is None or job.epoch != epoch or job.state in ENDED:
            return None
        lost = job.lost_hosts + int(host_lost)
        if lost >= MAX_LOST_HOSTS:
            return self.failed(
                job_id,
                epoch=epoch,
                failure=Failure(code=ErrorCode.HOSTS_LOST, detail=failure.detail),
                now=now,
            )
        if not host_lost and failure.code not in RETRYABLE:
            return self.failed(job_id, epoch=epoch, failure=failure, now=now)
        if job.attempts >= MAX_ATTEMPTS:
            exhausted = Failure(code=ErrorCode.TOO_MANY_ATTEMPTS, detail=failure.detail, data={"last": failure.code})
            return self.failed(job_id, epoch=epoch, failure=exhausted, now=now)
        self._end_attempt(job_id, epoch=epoch, outcome=failure.code, now=now)
        return self.requeue(job_id, epoch=epoch, now=now, lost_hosts=lost)

    def requeue(self, job_id: str, *, epoch: int, now: datetime, lost_hosts: int | None = None) -> Job | None:
        """→ QUEUED with epoch + 1, to be published again. What carries the old epoch is stale from now on."""
        values: dict[str, Any] = {
            "epoch": epoch + 1,
            "queued_at": now,
            "published_at": None,
            "claimed_at": None,
            "worker_id": None,
            "rendered_json": None,
            "cost_usd": None,
            "posting_since": None,
        }
        if lost_hosts is not None:
            values["lost_hosts"] = lost_hosts
        return self._move(job_id, JobState.QUEUED, sources=sources_of(JobState.QUEUED), epoch=epoch, values=values)

    def cancel(self, job_id: str, *, now: datetime) -> Job | None:
        """→ CANCELLED while it waits or is drawn; None once it is too late."""
        return self._move(job_id, JobState.CANCELLED, sources=CANCELLABLE, epoch=None, values={"ended_at": now})

    def expire(self, job_id: str, *, now: datetime) -> Job | None:
        """→ EXPIRED: it waited longer than the house allows."""
        failure = Failure(code=ErrorCode.EXPIRED)
        values = {"ended_at": now, "failure_json": failure.payload()}
        return self._move(job_id, JobState.EXPIRED, sources=sources_of(JobState.EXPIRED), epoch=None, values=values)

    def told(self, job_id: str, *, now: datetime) -> None:
        """The member has read how it ended."""
        with self._session.begin() as session:
            session.execute(update(Job).where(Job.id == job_id).values(told_at=now, interaction_token=None))

    def forget_tokens(self, *, before: datetime) -> int:
        """Erase interaction tokens that Discord no longer accepts anyway; returns how many.

        It looks first: the sweep asks every few seconds, and what only looks keeps no writer waiting.
        """
        old = (Job.interaction_token.is_not(None), Job.received_at < before)
        with self._session() as session:
            if session.scalars(select(Job.id).where(*old).limit(1)).one_or_none() is None:
                return 0
        with self._session.begin() as session:
            return _rows(session.execute(update(Job).where(*old).values(interaction_token=None)))

    # The one place where a state changes.

    def _move(
        self,
        job_id: str,
        target: JobState,
        *,
        sources: Collection[JobState],
        epoch: int | None,
        values: dict[str, Any],
    ) -> Job | None:
        where = [Job.id == job_id, Job.state.in_(sources)]
        if epoch is not None:
            where.append(Job.epoch == epoch)
        with self._session.begin() as session:
            changed = _rows(session.execute(update(Job).where(*where).values(state=target, **values)))
            return session.get(Job, job_id) if changed else None

    def _end_attempt(self, job_id: str, *, epoch: int, outcome: str, now: datetime) -> None:
        with self._session.begin() as session:
            session.execute(
                update(Attempt)
                .where(Attempt.job_id == job_id, Attempt.epoch == epoch, Attempt.ended_at.is_(None))
                .values(ended_at=now, outcome=outcome)
            )


def _rows(result: object) -> int:
    return cast("CursorResult[Any]", result).rowcount


def _new_row(new: NewJob, *, priority: int, now: datetime) -> Job:
    return Job(
        id=new.id,
        state=JobState.RECEIVED,
        epoch=0,
        attempts=0,
        lost_hosts=0,
        priority=priority,
        spec_json=new.spec.payload(),
        predicted_units=work_units(new.spec),
        interaction_id=new.interaction_id,
        application_id=new.application_id,
        interaction_token=new.interaction_token,
        user_id=new.user_id,
        guild_id=new.guild_id,
        channel_id=new.channel_id,
        locale=new.locale,
        attachment_limit_bytes=new.attachment_limit_bytes,
        parent_id=new.parent_id,
        relation=new.relation,
        num_images=new.spec.num_images,
        private=new.private,
        spoiler=new.spoiler,
        adult_showing=new.adult_showing,
        defaulted=",".join(new.defaulted) or None,
        by_dm=new.by_dm,
        received_at=now,
    )
