"""The ledger: the relational database that is the authority on jobs and machines. Trusted processes only."""

from dataclasses import dataclass
from typing import Self

from sqlalchemy import Engine

from tasks.ledger.engine import migrate, open_engine
from tasks.ledger.instances import InstanceLedger, Intent, NoLongerLeader
from tasks.ledger.jobs import JobLedger, NewJob, Receipt
from tasks.ledger.leadership import LeadershipLedger
from tasks.ledger.models import Attempt, FleetOrder, Instance, Job, Leadership
from tasks.ledger.orders import OrderLedger

__all__ = [
    "Attempt",
    "FleetOrder",
    "Instance",
    "InstanceLedger",
    "Intent",
    "Job",
    "JobLedger",
    "Leadership",
    "LeadershipLedger",
    "Ledger",
    "NewJob",
    "NoLongerLeader",
    "OrderLedger",
    "Receipt",
]


@dataclass(frozen=True)
class Ledger:
    """All parts of the ledger on one connection pool."""

    engine: Engine
    jobs: JobLedger
    instances: InstanceLedger
    leadership: LeadershipLedger
    orders: OrderLedger

    @classmethod
    def open(cls, url: str) -> Self:
        """The ledger at `url`, migrated to the newest schema."""
        engine = open_engine(url)
        migrate(engine)
        return cls(engine, JobLedger(engine), InstanceLedger(engine), LeadershipLedger(engine), OrderLedger(engine))

    def close(self) -> None:
        """Return all connections."""
        self.engine.dispose()
