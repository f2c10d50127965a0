"""What the owner ordered of the fleet by hand. In the ledger, so that no restart of Redis lifts a kill switch."""

from datetime import datetime

from sqlalchemy import Engine, delete, select

from tasks.ledger.engine import Sessions
from tasks.ledger.models import FleetOrder

DOWN = "down"  # end every machine and rent none
UP = "up"  # keep one machine until then, whatever the queue says

PAUSE = "pause"  # rent nothing new and wake nothing; what runs draws on
AT_LEAST = "min"  # keep so many machines until then, whatever the queue says
AT_MOST = "max"  # never have more than so many run at once until then
BUDGET = "budget"  # spend no more than this a day, in dollars, where the file allows more


def park_order(instance_id: str) -> str:
    """Stop this machine and keep its disk, once it is idle."""
    return f"park:{instance_id}"


def wake_order(instance_id: str) -> str:
    """Start this machine again."""
    return f"wake:{instance_id}"


def drain_order(instance_id: str) -> str:
    """Let this machine finish what it draws, and end it."""
    return f"drain:{instance_id}"


class OrderLedger:
    """One order per name; the newest counts."""

    def __init__(self, engine: Engine) -> None:
        self._session = Sessions(engine)

    def place(
        self, name: str, *, reason: str, now: datetime, until: datetime | None = None, amount: float | None = None
    ) -> None:
        """Order it from now on, for good or until a moment."""
        with self._session.begin() as session:
            session.merge(FleetOrder(name=name, at=now, until=until, reason=reason[:200], amount=amount))

    def withdraw(self, name: str) -> bool:
        """Take it back; False where it was not in force."""
        with self._session.begin() as session:
            found = session.get(FleetOrder, name)
            session.execute(delete(FleetOrder).where(FleetOrder.name == name))
            return found is not None

    def current(self, *, now: datetime) -> dict[str, FleetOrder]:
        """Name → order, of those in force."""
        with self._session() as session:
            rows = session.scalars(select(FleetOrder)).all()
        return {row.name: row for row in rows if row.until is None or row.until > now}
