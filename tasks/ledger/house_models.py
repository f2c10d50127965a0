"""The tables of a house's rules: what a Discord server's own moderators decide."""

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from tasks.ledger.models import Base


class ChannelRule(Base):
    """Whether one may draw in a channel, what becomes of what is adult, and whether unfinished pictures are shown."""

    __tablename__ = "channel_rules"

    guild_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    channel_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    enabled: Mapped[bool] = mapped_column(default=True)
    nsfw_policy: Mapped[str] = mapped_column(String(16), default="block")
    preview: Mapped[bool] = mapped_column(default=True)


class RoleLimit(Base):
    """What members of a role may; None leaves it to their other roles. The role @everyone has the guild's id."""

    __tablename__ = "role_limits"

    guild_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    role_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    per_day: Mapped[int | None]
    parallel: Mapped[int | None]
    max_steps: Mapped[int | None]
    max_images: Mapped[int | None]
    priority: Mapped[int | None]


class ModelRule(Base):
    """A model that is allowed or denied; once one is allowed, only allowed ones are."""

    __tablename__ = "model_rules"

    guild_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    model_id: Mapped[str] = mapped_column(String(63), primary_key=True)
    allowed: Mapped[bool]


class FilterPattern(Base):
    """Words that a prompt may not hold, or that make it adult."""

    __tablename__ = "filter_patterns"

    guild_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    pattern: Mapped[str] = mapped_column(String(100), primary_key=True)
    adult: Mapped[bool] = mapped_column(default=False)


class Block(Base):
    """A member who may not draw; for ever, or until a moment."""

    __tablename__ = "blocks"

    guild_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    user_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    until: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(String(300), default="")


class Grant(Base):
    """Further pictures for a member, on the day on which they were granted."""

    __tablename__ = "grants"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    guild_id: Mapped[int]
    user_id: Mapped[int]
    amount: Mapped[int]
    at: Mapped[datetime]

    __table_args__ = (Index("ix_grants_user", "guild_id", "user_id", "at"),)


class AuditEntry(Base):
    """Who changed a rule, and whose prompt was refused by one."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    guild_id: Mapped[int]
    at: Mapped[datetime]
    actor_id: Mapped[int]
    action: Mapped[str] = mapped_column(String(32))
    target_id: Mapped[int | None]
    detail: Mapped[str] = mapped_column(String(500), default="")

    __table_args__ = (Index("ix_audit_guild_at", "guild_id", "at"),)
