"""Jobs in the ledger. Every move is a compare-and-set on (state, epoch): whoever comes late changes nothing."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, Engine, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from tasks.errors import RETRYABLE, ErrorCode
from tasks.estimate import work_units
from tasks.ledger.models import Attempt, Job
from tasks.ledger.shares import share_usd
from tasks.lifecycle import (
    CANCELLABLE,
    ENDED,
    MAX_ATTEMPTS,
    MAX_LOST_HOSTS,
    OUTSTANDING,
    WAITING_FOR_GPU,
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
    by_dm: bool = False
    # How many further jobs of this member go to the front as their first does.
    priority_credit: int = 0


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """A job in the ledger; `created` is False where the same interaction had arrived before."""

    job: Job
    created: bool


class JobLedger:
    """The jobs. Synchronous; the bot calls it through a thread. Returned rows are detached and read-only."""

    def __init__(self, engine: Engine) -> None:
        self._session = sessionmaker(engine, expire_on_commit=False)

    # Moves, in the order of a job's life.

    def receive(self, new: NewJob, *, now: datetime) -> Receipt:
        """Write a job down before anything else happens. A replayed interaction finds its first row."""
        with self._session() as session:
            known = _by_interaction(session, new.interaction_id)
            if known is not None:
                return Receipt(job=known, created=False)
            job = _new_row(
                new, priority=priority_for(max(0, _outstanding(session, new.user_id) - new.priority_credit)), now=now
            )
            session.add(job)
            try:
                session.commit()
            except IntegrityError:
                session.rollback()
                winner = _by_interaction(session, new.interaction_id)
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
        """Erase interaction tokens that Discord no longer accepts anyway; returns how many."""
        with self._session.begin() as session:
            return _rows(
                session.execute(
                    update(Job)
                    .where(Job.interaction_token.is_not(None), Job.received_at < before)
                    .values(interaction_token=None)
                )
            )

    # Questions.

    def get(self, job_id: str) -> Job | None:
        """One job by id."""
        with self._session() as session:
            return session.get(Job, job_id)

    def of_interaction(self, interaction_id: int) -> Job | None:
        """The job that a command brought about, if it arrived before."""
        with self._session() as session:
            return _by_interaction(session, interaction_id)

    def in_states(self, states: Collection[JobState], *, limit: int = 10_000) -> Sequence[Job]:
        """Jobs in any of `states`, oldest first."""
        with self._session() as session:
            query = select(Job).where(Job.state.in_(states)).order_by(Job.received_at).limit(limit)
            return session.scalars(query).all()

    def outstanding(self) -> Sequence[Job]:
        """Everything that has not ended, oldest first."""
        return self.in_states(OUTSTANDING)

    def untold(self) -> Sequence[Job]:
        """Ended without pictures, and the member does not know yet; a cancel is told by whoever pressed it."""
        with self._session() as session:
            query = (
                select(Job)
                .where(Job.state.in_({JobState.FAILED, JobState.EXPIRED}), Job.told_at.is_(None))
                .order_by(Job.received_at)
            )
            return session.scalars(query).all()

    def count_outstanding(self, *, user_id: int | None = None) -> int:
        """How many jobs have not ended, of one user or of all."""
        with self._session() as session:
            return _outstanding(session, user_id)

    def ahead_of(self, job: Job) -> int:
        """How many queued jobs a worker takes before this one: more urgent, or as urgent and older."""
        with self._session() as session:
            query = (
                select(func.count())
                .select_from(Job)
                .where(
                    Job.state.in_(WAITING_FOR_GPU),
                    Job.id != job.id,
                    or_(
                        Job.priority < job.priority,
                        (Job.priority == job.priority) & (Job.received_at < job.received_at),
                    ),
                )
            )
            return session.scalar(query) or 0

    def recent_speeds(self, *, limit: int = 50) -> list[tuple[float, float]]:
        """(work units, sampling seconds) of the last finished jobs, for `tasks.estimate`."""
        with self._session() as session:
            query = (
                select(Job)
                .where(Job.state == JobState.POSTED, Job.rendered_json.is_not(None))
                .order_by(Job.ended_at.desc())
                .limit(limit)
            )
            return [
                (work_units(job.spec), job.rendered.timings.sample_s)
                for job in session.scalars(query)
                if job.rendered is not None
            ]

    def units_since(self, moment: datetime) -> Sequence[float]:
        """Predicted work units of all jobs that came in after a moment, whatever became of them."""
        with self._session() as session:
            return session.scalars(select(Job.predicted_units).where(Job.received_at > moment)).all()

    def attempts_of(self, job_id: str) -> Sequence[Attempt]:
        """The claims of a job in their order."""
        with self._session() as session:
            return session.scalars(select(Attempt).where(Attempt.job_id == job_id).order_by(Attempt.id)).all()

    def finished_by(self, worker_ids: Collection[str]) -> dict[str, int]:
        """Worker id → how many jobs it rendered; those that rendered none are absent."""
        with self._session() as session:
            rows = session.execute(
                select(Attempt.worker_id, func.count())
                .where(Attempt.worker_id.in_(worker_ids), Attempt.outcome == "rendered")
                .group_by(Attempt.worker_id)
            ).all()
            return {worker_id: number for worker_id, number in rows}  # noqa: C416 - typed rows

    def last_worked_at(self, worker_ids: Collection[str]) -> dict[str, datetime]:
        """Worker id → when it last claimed or ended a job, by our own clock."""
        with self._session() as session:
            query = (
                select(Attempt.worker_id, func.max(func.coalesce(Attempt.ended_at, Attempt.claimed_at)))
                .where(Attempt.worker_id.in_(worker_ids))
                .group_by(Attempt.worker_id)
            )
            return {worker_id: moment for worker_id, moment in session.execute(query)}  # noqa: C416 - typed rows

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


def _by_interaction(session: Session, interaction_id: int) -> Job | None:
    return session.scalars(select(Job).where(Job.interaction_id == interaction_id)).one_or_none()


def _outstanding(session: Session, user_id: int | None) -> int:
    query = select(func.count()).select_from(Job).where(Job.state.in_(OUTSTANDING))
    if user_id is not None:
        query = query.where(Job.user_id == user_id)
    return session.scalar(query) or 0


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
        by_dm=new.by_dm,
        received_at=now,
    )
