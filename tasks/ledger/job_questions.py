"""What one asks about jobs. Nothing here changes anything, and nothing here waits for whoever does."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import BigInteger, Engine, bindparam, func, select
from sqlalchemy.orm import Session

from tasks.estimate import work_units
from tasks.ledger.engine import Sessions
from tasks.ledger.models import Attempt, Job
from tasks.lifecycle import OUTSTANDING, JobState


class JobQuestions:
    """Returned rows are detached and read-only."""

    def __init__(self, engine: Engine) -> None:
        self._session = Sessions(engine)

    def get(self, job_id: str) -> Job | None:
        """One job by id."""
        with self._session() as session:
            return session.get(Job, job_id)

    def of_interaction(self, interaction_id: int) -> Job | None:
        """The job that a command brought about, if it arrived before."""
        with self._session() as session:
            return by_interaction(session, interaction_id)

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


# Made once: with every command they are asked again, and making one takes longer than answering it.
_BY_INTERACTION = select(Job).where(Job.interaction_id == bindparam("interaction", type_=BigInteger))
_OUTSTANDING_OF_USER = (
    select(func.count())
    .select_from(Job)
    .where(Job.state.in_(OUTSTANDING), Job.user_id == bindparam("user", type_=BigInteger))
)


def by_interaction(session: Session, interaction_id: int) -> Job | None:
    """The job that a command brought about."""
    return session.scalars(_BY_INTERACTION, {"interaction": interaction_id}).one_or_none()


def outstanding_of(session: Session, user_id: int) -> int:
    """How many jobs of one user have not ended."""
    return session.scalar(_OUTSTANDING_OF_USER, {"user": user_id}) or 0
