"""What a member did: their jobs by time and by message, all of them cancelled at once, a picture taken down."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Engine, func, select, update

from tasks.ledger.engine import Sessions
from tasks.ledger.models import Job
from tasks.lifecycle import CANCELLABLE, JobState


class HistoryLedger:
    """Questions about the past of one member. Returned rows are detached and read-only."""

    def __init__(self, engine: Engine) -> None:
        self._session = Sessions(engine)

    def of_user(self, user_id: int, *, limit: int, offset: int = 0) -> Sequence[Job]:
        """A member's jobs, newest first."""
        with self._session() as session:
            query = (
                select(Job)
                .where(Job.user_id == user_id)
                .order_by(Job.received_at.desc(), Job.id.desc())
                .limit(limit)
                .offset(offset)
            )
            return session.scalars(query).all()

    def count(self, user_id: int) -> int:
        """How many jobs a member has in the ledger."""
        with self._session() as session:
            return session.scalar(select(func.count()).select_from(Job).where(Job.user_id == user_id)) or 0

    def of_message(self, message_id: int) -> Job | None:
        """The job whose pictures a message carries."""
        with self._session() as session:
            query = select(Job).where(Job.posted_message_id == message_id).limit(1)
            return session.scalars(query).one_or_none()

    def gpu_seconds(self, user_id: int, *, since: datetime) -> float:
        """What workers spent on a member's jobs since a moment."""
        with self._session() as session:
            query = select(Job).where(Job.user_id == user_id, Job.received_at >= since, Job.rendered_json.is_not(None))
            jobs = session.scalars(query).all()
        return sum(job.rendered.timings.total_s for job in jobs if job.rendered is not None)

    def cancel_all(self, user_id: int, *, now: datetime) -> Sequence[Job]:
        """Cancel whatever of a member's still waits or is drawn; returns what was cancelled."""
        with self._session.begin() as session:
            query = select(Job.id).where(Job.user_id == user_id, Job.state.in_(CANCELLABLE))
            wanted = session.scalars(query).all()
            cancelled = session.scalars(
                update(Job)
                .where(Job.id.in_(wanted), Job.state.in_(CANCELLABLE))
                .values(state=JobState.CANCELLED, ended_at=now)
                .returning(Job)
            )
            return cancelled.all()

    def tell_by_dm(self, job_id: str) -> None:
        """The member wants to be told by direct message when this job has ended."""
        with self._session.begin() as session:
            session.execute(update(Job).where(Job.id == job_id).values(by_dm=True))

    def picture_deleted(self, job_id: str, *, now: datetime) -> None:
        """The message with the pictures is gone."""
        with self._session.begin() as session:
            session.execute(update(Job).where(Job.id == job_id, Job.deleted_at.is_(None)).values(deleted_at=now))
