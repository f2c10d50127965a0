"""The rules of a house in the ledger: written by moderators, read with every order in one transaction.

A quota is no counter that could go wrong: it is the sum over the jobs of the day that did not fail, expire or get
cancelled. So it is given back by the very move that ends a job.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Engine, func, or_, select
from sqlalchemy.orm import Session

from tasks.ledger.engine import Sessions
from tasks.ledger.house_models import AuditEntry, Block, ChannelRule, FilterPattern, Grant, ModelRule, RoleLimit
from tasks.ledger.models import Base, Job
from tasks.lifecycle import OUTSTANDING, JobState

_Row = TypeVar("_Row", bound=Base)

_GIVEN_BACK = frozenset({JobState.FAILED, JobState.CANCELLED, JobState.EXPIRED})


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """Who asks, and where. `channel_ids` are the channel and, of a thread, the one that it belongs to."""

    guild_id: int | None
    user_id: int
    channel_ids: tuple[int, ...] = ()
    role_ids: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class House:
    """Everything that the rules say about one visitor at one moment. Empty in direct messages."""

    channels: Sequence[ChannelRule] = ()
    limits: Sequence[RoleLimit] = ()
    models: Sequence[ModelRule] = ()
    patterns: Sequence[FilterPattern] = ()
    block: Block | None = None
    granted: int = 0
    used: int = 0
    outstanding: int = 0
    everybody: int = 0


class HouseLedger:
    """The rules. Returned rows are detached and read-only."""

    def __init__(self, engine: Engine) -> None:
        self._session = Sessions(engine)

    def seen_by(self, visitor: Visitor, *, day_began: datetime, now: datetime) -> House:
        """The rules for a visitor, and what they have used since `day_began`."""
        with self._session() as session:
            outstanding = _outstanding(session, Job.user_id == visitor.user_id)
            everybody = _outstanding(session)
            used = _used(session, visitor, day_began)
            guild_id = visitor.guild_id
            if guild_id is None:
                return House(used=used, outstanding=outstanding, everybody=everybody)
            roles = (*visitor.role_ids, guild_id)
            return House(
                channels=_all(session, ChannelRule, guild_id, ChannelRule.channel_id.in_(visitor.channel_ids)),
                limits=_all(session, RoleLimit, guild_id, RoleLimit.role_id.in_(roles)),
                models=_all(session, ModelRule, guild_id),
                patterns=_all(session, FilterPattern, guild_id),
                block=_block(session, visitor, now),
                granted=_granted(session, visitor, day_began),
                used=used,
                outstanding=outstanding,
                everybody=everybody,
            )

    def all_of(self, kind: type[_Row], guild_id: int) -> Sequence[_Row]:
        """Every row of one table that belongs to a guild."""
        with self._session() as session:
            return _all(session, kind, guild_id)

    def put(self, rule: Base, entry: AuditEntry) -> None:
        """Write a rule, in the place of the one with the same key, and who did it."""
        with self._session.begin() as session:
            session.merge(rule)
            session.add(entry)

    def drop(self, kind: type[Base], key: dict[str, Any], entry: AuditEntry) -> bool:
        """Remove the rule with this key; False where there was none, and then nothing is noted."""
        with self._session.begin() as session:
            rule = session.get(kind, key)
            if rule is None:
                return False
            session.delete(rule)
            session.add(entry)
            return True

    def note(self, entry: AuditEntry) -> None:
        """Only the audit."""
        with self._session.begin() as session:
            session.add(entry)

    def audit(
        self, guild_id: int, *, user_id: int | None = None, since: datetime | None = None, limit: int = 1000
    ) -> Sequence[AuditEntry]:
        """What was done, newest first: by a member or about them."""
        with self._session() as session:
            query = select(AuditEntry).where(AuditEntry.guild_id == guild_id)
            if user_id is not None:
                query = query.where(or_(AuditEntry.actor_id == user_id, AuditEntry.target_id == user_id))
            if since is not None:
                query = query.where(AuditEntry.at >= since)
            return session.scalars(query.order_by(AuditEntry.at.desc(), AuditEntry.id.desc()).limit(limit)).all()

    def jobs_of_guild(
        self, guild_id: int, *, user_id: int | None = None, since: datetime | None = None, limit: int = 1000
    ) -> Sequence[Job]:
        """What was asked for in a guild, newest first."""
        with self._session() as session:
            query = select(Job).where(Job.guild_id == guild_id)
            if user_id is not None:
                query = query.where(Job.user_id == user_id)
            if since is not None:
                query = query.where(Job.received_at >= since)
            return session.scalars(query.order_by(Job.received_at.desc()).limit(limit)).all()


def _all(session: Session, kind: type[_Row], guild_id: int, *where: Any) -> Sequence[_Row]:
    table: Any = kind
    return session.scalars(select(kind).where(table.guild_id == guild_id, *where)).all()


def _outstanding(session: Session, *where: Any) -> int:
    query = select(func.count()).select_from(Job).where(Job.state.in_(OUTSTANDING), *where)
    return session.scalar(query) or 0


def _used(session: Session, visitor: Visitor, day_began: datetime) -> int:
    query = select(func.sum(Job.num_images)).where(
        Job.user_id == visitor.user_id,
        Job.guild_id == visitor.guild_id if visitor.guild_id is not None else Job.guild_id.is_(None),
        Job.received_at >= day_began,
        Job.state.not_in(_GIVEN_BACK),
    )
    return int(session.scalar(query) or 0)


def _granted(session: Session, visitor: Visitor, day_began: datetime) -> int:
    query = select(func.sum(Grant.amount)).where(
        Grant.guild_id == visitor.guild_id, Grant.user_id == visitor.user_id, Grant.at >= day_began
    )
    return int(session.scalar(query) or 0)


def _block(session: Session, visitor: Visitor, now: datetime) -> Block | None:
    block = session.get(Block, {"guild_id": visitor.guild_id, "user_id": visitor.user_id})
    over = block is not None and block.until is not None and block.until <= now
    return None if over else block
