"""Which alerts were given, and what they are about."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Engine, String, delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from tasks.ledger.engine import Sessions
from tasks.ledger.models import Base, Job
from tasks.lifecycle import ENDED


class GivenAlert(Base):
    """An alert that the owner has read."""

    __tablename__ = "alerts"

    key: Mapped[str] = mapped_column(String(100), primary_key=True)
    at: Mapped[datetime]


class AlertLedger:
    """Remembers over restarts, and between two bots."""

    def __init__(self, engine: Engine) -> None:
        self._session = Sessions(engine)

    def is_first(self, key: str, *, now: datetime) -> bool:
        """Whether nobody has given this alert; from now on somebody has."""
        try:
            with self._session.begin() as session:
                if session.get(GivenAlert, key) is not None:
                    return False
                session.add(GivenAlert(key=key, at=now))
        except IntegrityError:  # another process was faster
            return False
        return True

    def withdraw(self, key: str) -> None:
        """It could not be delivered after all."""
        with self._session.begin() as session:
            session.execute(delete(GivenAlert).where(GivenAlert.key == key))

    def ended_since(self, moment: datetime) -> Sequence[Job]:
        """Jobs that ended after a moment, in the order of their ends."""
        with self._session() as session:
            query = select(Job).where(Job.state.in_(ENDED), Job.ended_at > moment).order_by(Job.ended_at)
            return session.scalars(query).all()
