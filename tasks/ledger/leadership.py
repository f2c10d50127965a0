"""Who leads: a row with a holder, a deadline and a fencing epoch that rises with every change of leader."""

from datetime import datetime, timedelta

from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from tasks.ledger.engine import Sessions
from tasks.ledger.models import Leadership


class LeadershipLedger:
    """The lock of the one leader per role."""

    def __init__(self, engine: Engine) -> None:
        self._session = Sessions(engine)

    def acquire(self, role: str, *, holder: str, ttl: timedelta, now: datetime) -> int | None:
        """Take or renew the lead; returns the fencing epoch, or None while somebody else leads."""
        try:
            with self._session.begin() as session:
                row = session.get(Leadership, role, with_for_update=True)
                if row is None:
                    session.add(Leadership(role=role, holder=holder, epoch=1, until=now + ttl))
                    return 1
                if row.holder != holder:
                    if row.until > now:
                        return None
                    row.holder = holder
                    row.epoch += 1
                row.until = now + ttl
                return row.epoch
        except IntegrityError:  # two processes inserted the first row at once
            return None

    def resign(self, role: str, *, holder: str, now: datetime) -> None:
        """Give the lead up at once, so that the next one need not wait for the deadline."""
        with self._session.begin() as session:
            row = session.get(Leadership, role, with_for_update=True)
            if row is not None and row.holder == holder:
                row.until = now

    def current(self, role: str) -> Leadership | None:
        """Who leads now, or led last."""
        with self._session() as session:
            return session.get(Leadership, role)
