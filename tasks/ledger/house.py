"""The rules of a house in the ledger: written by moderators, read with every order in one transaction.

A quota is no counter that could go wrong: it is the sum over the jobs of the day that did not fail, expire or get
cancelled. So it is given back by the very move that ends a job.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import BigInteger, ColumnElement, Engine, Select, bindparam, exists, func, or_, select
from sqlalchemy.orm import Session

from tasks.ledger.engine import Sessions
from tasks.ledger.house_models import AuditEntry, Block, ChannelRule, FilterPattern, Grant, ModelRule, RoleLimit
from tasks.ledger.models import Base, Job, UtcDateTime
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
            seen = session.execute(_AT_A_GLANCE, _parameters(visitor, day_began)).one()
            guild_id = visitor.guild_id
            if guild_id is None:
                return House(used=seen.used, outstanding=seen.outstanding, everybody=seen.everybody)
            roles = RoleLimit.role_id.in_((*visitor.role_ids, guild_id))
            channels = ChannelRule.channel_id.in_(visitor.channel_ids)
            return House(
                channels=_all(session, ChannelRule, guild_id, channels) if seen.channels else (),
                limits=_all(session, RoleLimit, guild_id, roles) if seen.limits else (),
                models=_all(session, ModelRule, guild_id) if seen.models else (),
                patterns=_all(session, FilterPattern, guild_id) if seen.patterns else (),
                block=_block(session, visitor, now) if seen.blocks else None,
                granted=seen.granted,
                used=seen.used,
                outstanding=seen.outstanding,
                everybody=seen.everybody,
            )

    def all_of(self, kind: type[_Row], guild_id: int) -> Sequence[_Row]:
        """Every row of one table that belongs to a guild."""
        with self._session() as session:
            return _all(session, kind, guild_id)

    def model_rules(self) -> Sequence[ModelRule]:
        """Every guild's allowed and denied models, for what is shown while somebody types."""
        with self._session() as session:
            return session.scalars(select(ModelRule)).all()

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


def _block(session: Session, visitor: Visitor, now: datetime) -> Block | None:
    block = session.get(Block, {"guild_id": visitor.guild_id, "user_id": visitor.user_id})
    over = block is not None and block.until is not None and block.until <= now
    return None if over else block


def _number(query: Select[Any], name: str) -> ColumnElement[int]:
    return func.coalesce(query.scalar_subquery(), 0).label(name)


def _any(table: Any, name: str, *where: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(table.guild_id == _GUILD, *where).label(name)


_USER, _GUILD, _DAY = (
    bindparam("user", type_=BigInteger),
    bindparam("guild", type_=BigInteger),
    bindparam("day", type_=UtcDateTime),
)
_IS_OUTSTANDING = Job.state.in_(OUTSTANDING)
# One question for each command instead of nine: most guilds have few rules, and what is not there need not be read.
# Made once, because making it takes longer than answering it.
_AT_A_GLANCE = select(
    _number(select(func.count()).select_from(Job).where(_IS_OUTSTANDING, Job.user_id == _USER), "outstanding"),
    _number(select(func.count()).select_from(Job).where(_IS_OUTSTANDING), "everybody"),
    _number(
        select(func.sum(Job.num_images)).where(
            Job.user_id == _USER,
            Job.guild_id.is_not_distinct_from(_GUILD),
            Job.received_at >= _DAY,
            Job.state.not_in(_GIVEN_BACK),
        ),
        "used",
    ),
    _number(
        select(func.sum(Grant.amount)).where(Grant.guild_id == _GUILD, Grant.user_id == _USER, Grant.at >= _DAY),
        "granted",
    ),
    _any(ChannelRule, "channels"),
    _any(RoleLimit, "limits"),
    _any(ModelRule, "models"),
    _any(FilterPattern, "patterns"),
    _any(Block, "blocks", Block.user_id == _USER),
)


def _parameters(visitor: Visitor, day_began: datetime) -> dict[str, Any]:
    return {"user": visitor.user_id, "guild": visitor.guild_id, "day": day_began}
