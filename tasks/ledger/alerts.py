"""Which alerts were given, what they are about, and what the provisioner wants the owner to hear."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

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


class Notice(Base):
    """Something that the owner should hear of; `about` names its sentence (`alert.<about>`) and `values` fill it."""

    __tablename__ = "notices"

    key: Mapped[str] = mapped_column(String(100), primary_key=True)
    about: Mapped[str] = mapped_column(String(32))
    values_json: Mapped[dict[str, Any]]
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

    def note(self, key: str, about: str, *, now: datetime, **values: str) -> None:
        """Put something down for the bot to tell, once per key."""
        try:
            with self._session.begin() as session:
                if session.get(Notice, key) is None:
                    session.add(Notice(key=key, about=about, values_json=values, at=now))
        except IntegrityError:  # another process was faster
            return

    def noted_since(self, moment: datetime) -> Sequence[Notice]:
        """What was put down after a moment, oldest first."""
        with self._session() as session:
            return session.scalars(select(Notice).where(Notice.at > moment).order_by(Notice.at)).all()

    def ended_since(self, moment: datetime) -> Sequence[Job]:
        """Jobs that ended after a moment, in the order of their ends."""
        with self._session() as session:
            query = select(Job).where(Job.state.in_(ENDED), Job.ended_at > moment).order_by(Job.ended_at)
            return session.scalars(query).all()
