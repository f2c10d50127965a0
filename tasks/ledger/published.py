"""Models and LoRAs that were published from Discord: registry entries beside the TOML files."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, String, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from tasks.ledger.engine import Sessions
from tasks.ledger.models import Base

MODEL = "model"
LORA = "lora"


class PublishedEntry(Base):
    """One entry. What was removed stays, so that it can be brought back; `revision` counts the table's changes."""

    __tablename__ = "published"

    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    id: Mapped[str] = mapped_column(String(63), primary_key=True)
    entry_json: Mapped[dict[str, Any]]
    sha256: Mapped[str | None] = mapped_column(String(64))
    added_by: Mapped[int]
    guild_id: Mapped[int]
    added_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    revision: Mapped[int]


class PublishedLedger:
    """Returned rows are detached and read-only."""

    def __init__(self, engine: Engine) -> None:
        self._session = Sessions(engine)

    def add(self, entry: PublishedEntry) -> bool:
        """Publish it; False where one of this kind and id is there. A removed one gives its place up."""
        try:
            with self._session.begin() as session:
                known = session.get(PublishedEntry, (entry.kind, entry.id))
                if known is not None and known.removed_at is None:
                    return False
                entry.revision = _next(session)
                session.merge(entry)
        except IntegrityError:  # another process was faster
            return False
        return True

    def remove(self, kind: str, identifier: str, *, now: datetime) -> bool:
        """Take it out of every list; False where there is none."""
        return self._set_removed(kind, identifier, now)

    def restore(self, kind: str, identifier: str) -> bool:
        """Bring back what was removed; False where there is nothing to bring back."""
        return self._set_removed(kind, identifier, None)

    def all(self) -> Sequence[PublishedEntry]:
        """What is published now, by id."""
        with self._session() as session:
            query = select(PublishedEntry).where(PublishedEntry.removed_at.is_(None)).order_by(PublishedEntry.id)
            return session.scalars(query).all()

    def get(self, kind: str, identifier: str) -> PublishedEntry | None:
        """One entry, also a removed one."""
        with self._session() as session:
            return session.get(PublishedEntry, (kind, identifier))

    def revision(self) -> int:
        """Rises with every change: whoever remembers it need not read again."""
        with self._session() as session:
            return session.scalar(select(func.max(PublishedEntry.revision))) or 0

    def _set_removed(self, kind: str, identifier: str, moment: datetime | None) -> bool:
        with self._session.begin() as session:
            known = session.get(PublishedEntry, (kind, identifier))
            if known is None or (known.removed_at is None) == (moment is None):
                return False
            known.removed_at = moment
            known.revision = _next(session)
            return True


def _next(session: Any) -> int:
    return (session.scalar(select(func.max(PublishedEntry.revision))) or 0) + 1
