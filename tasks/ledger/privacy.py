"""What the ledger knows about one person, whole; and the way to make it forget."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, delete, func, or_, select, update
from sqlalchemy.orm import Session

from tasks.ledger.engine import Sessions, forget_old_pages
from tasks.ledger.house_models import AuditEntry, Block, Grant
from tasks.ledger.models import Attempt, Job
from tasks.ledger.people_models import Style, UserSettings, scope_of_user
from tasks.ledger.published import PublishedEntry
from tasks.lifecycle import CANCELLABLE, ENDED, JobState

_GIVEN_BACK = frozenset({JobState.FAILED, JobState.CANCELLED, JobState.EXPIRED})


@dataclass(frozen=True, kw_only=True)
class Dossier:
    """Everything about one person, newest first."""

    jobs: Sequence[Job]
    styles: Sequence[Style]
    settings: UserSettings | None
    audit: Sequence[AuditEntry]
    blocks: Sequence[Block]
    grants: Sequence[Grant]


@dataclass(frozen=True, kw_only=True)
class Erased:
    """What was forgotten."""

    jobs: int
    styles: int


class PrivacyLedger:
    """A person's right to see and to erase."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._session = Sessions(engine)

    def dossier(self, user_id: int, *, most_jobs: int = 5000) -> Dossier:
        """What there is."""
        with self._session() as session:
            jobs = select(Job).where(Job.user_id == user_id).order_by(Job.received_at.desc()).limit(most_jobs)
            about = or_(AuditEntry.actor_id == user_id, AuditEntry.target_id == user_id)
            return Dossier(
                jobs=session.scalars(jobs).all(),
                styles=session.scalars(select(Style).where(Style.owner_id == user_id)).all(),
                settings=session.get(UserSettings, user_id),
                audit=session.scalars(select(AuditEntry).where(about).order_by(AuditEntry.at.desc())).all(),
                blocks=session.scalars(select(Block).where(Block.user_id == user_id)).all(),
                grants=session.scalars(select(Grant).where(Grant.user_id == user_id)).all(),
            )

    def with_pictures(self, user_id: int) -> Sequence[Job]:
        """Jobs whose pictures are still to be seen, newest first."""
        with self._session() as session:
            query = (
                select(Job)
                .where(Job.user_id == user_id, Job.state == JobState.POSTED, Job.deleted_at.is_(None))
                .order_by(Job.received_at.desc())
            )
            return session.scalars(query).all()

    def erase(self, user_id: int, *, day_began: datetime, now: datetime) -> Erased:
        """Forget a person in one transaction: jobs, own styles, defaults, the prompts in the audit.

        What is being posted at this moment goes with the next call. Blocks stay, and so does the number of pictures
        of today (as a grant of that many less): erasing is no way around a quota. Styles given to a server and
        published models stay, without a name behind them.
        """
        erased = self._erase(user_id, day_began=day_began, now=now)
        forget_old_pages(self._engine)
        return erased

    def _erase(self, user_id: int, *, day_began: datetime, now: datetime) -> Erased:
        with self._session.begin() as session:
            session.execute(
                update(Job)
                .where(Job.user_id == user_id, Job.state.in_(CANCELLABLE))
                .values(state=JobState.CANCELLED, ended_at=now)
            )
            _keep_usage(session, user_id, day_began=day_began, now=now)
            ended = select(Job.id).where(Job.user_id == user_id, Job.state.in_(ENDED))
            ids = session.scalars(ended).all()
            session.execute(delete(Attempt).where(Attempt.job_id.in_(ended)))
            session.execute(delete(Job).where(Job.user_id == user_id, Job.state.in_(ENDED)))
            own = select(func.count()).select_from(Style).where(Style.scope == scope_of_user(user_id))
            styles = session.scalar(own) or 0
            session.execute(delete(Style).where(Style.scope == scope_of_user(user_id)))
            session.execute(update(Style).where(Style.owner_id == user_id).values(owner_id=0))
            session.execute(update(PublishedEntry).where(PublishedEntry.added_by == user_id).values(added_by=0))
            session.execute(delete(UserSettings).where(UserSettings.user_id == user_id))
            session.execute(
                update(AuditEntry)
                .where(AuditEntry.actor_id == user_id, AuditEntry.target_id == user_id)
                .values(detail="")
            )
            return Erased(jobs=len(ids), styles=styles)


def _keep_usage(session: Session, user_id: int, *, day_began: datetime, now: datetime) -> None:
    query = (
        select(Job.guild_id, func.sum(Job.num_images))
        .where(
            Job.user_id == user_id,
            Job.guild_id.is_not(None),
            Job.received_at >= day_began,
            Job.state.in_(ENDED - _GIVEN_BACK),
        )
        .group_by(Job.guild_id)
    )
    for guild_id, used in session.execute(query).all():
        session.add(Grant(guild_id=guild_id, user_id=user_id, amount=-int(used), at=now))
