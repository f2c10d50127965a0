"""The ledger: the relational database that is the authority on jobs and machines. Trusted processes only."""

from dataclasses import dataclass
from typing import Self

from sqlalchemy import Engine

from tasks.ledger.alerts import AlertLedger
from tasks.ledger.engine import migrate, open_engine
from tasks.ledger.history import HistoryLedger
from tasks.ledger.house import House, HouseLedger, Visitor
from tasks.ledger.instances import InstanceLedger, Intent, NoLongerLeader
from tasks.ledger.jobs import JobLedger, NewJob, Receipt
from tasks.ledger.leadership import LeadershipLedger
from tasks.ledger.models import Attempt, FleetOrder, Instance, Job, Leadership
from tasks.ledger.orders import OrderLedger
from tasks.ledger.people import PeopleLedger
from tasks.ledger.privacy import PrivacyLedger
from tasks.ledger.published import PublishedEntry, PublishedLedger
from tasks.ledger.uploads import UploadLedger

__all__ = [
    "AlertLedger",
    "Attempt",
    "FleetOrder",
    "HistoryLedger",
    "House",
    "HouseLedger",
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
    "PeopleLedger",
    "PrivacyLedger",
    "PublishedEntry",
    "PublishedLedger",
    "Receipt",
    "UploadLedger",
    "Visitor",
]


@dataclass(frozen=True)
class Ledger:
    """All parts of the ledger on one connection pool."""

    engine: Engine
    jobs: JobLedger
    history: HistoryLedger
    house: HouseLedger
    people: PeopleLedger
    privacy: PrivacyLedger
    alerts: AlertLedger
    instances: InstanceLedger
    leadership: LeadershipLedger
    orders: OrderLedger
    published: PublishedLedger
    uploads: UploadLedger

    @classmethod
    def open(cls, url: str) -> Self:
        """The ledger at `url`, migrated to the newest schema."""
        engine = open_engine(url)
        migrate(engine)
        return cls(
            engine,
            JobLedger(engine),
            HistoryLedger(engine),
            HouseLedger(engine),
            PeopleLedger(engine),
            PrivacyLedger(engine),
            AlertLedger(engine),
            InstanceLedger(engine),
            LeadershipLedger(engine),
            OrderLedger(engine),
            PublishedLedger(engine),
            UploadLedger(engine),
        )

    def close(self) -> None:
        """Return all connections."""
        self.engine.dispose()
