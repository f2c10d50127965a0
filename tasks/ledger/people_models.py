"""The tables of what members keep: their defaults and their styles."""

from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from tasks.ledger.models import Base


class UserSettings(Base):
    """A member's own defaults, by option."""

    __tablename__ = "user_settings"

    user_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    values_json: Mapped[dict[str, Any]]


class Style(Base):
    """Named options. The scope is one member (`u<id>`) or one server (`g<id>`)."""

    __tablename__ = "styles"

    scope: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    owner_id: Mapped[int]
    values_json: Mapped[dict[str, Any]]

    __table_args__ = (Index("ix_styles_owner", "owner_id"),)

    @property
    def shared(self) -> bool:
        """Whether it belongs to a server."""
        return self.scope.startswith("g")


def scope_of_user(user_id: int) -> str:
    return f"u{user_id}"


def scope_of_guild(guild_id: int) -> str:
    return f"g{guild_id}"
