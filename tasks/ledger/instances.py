"""Rented machines in the ledger: intents come before the provider hears of them, fenced by the leader's epoch."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, Engine, or_, select, update

from tasks.ledger.engine import Sessions
from tasks.ledger.models import Instance, Leadership

INTENDED = "intended"
DESTROYED = "destroyed"


class NoLongerLeader(Exception):  # noqa: N818 - reads as the sentence "raise NoLongerLeader"
    """Another provisioner leads; whoever gets this must stop changing the world."""


@dataclass(frozen=True, kw_only=True)
class Intent:
    """What is about to be rented. `offer` is the provider's own description, kept for the record."""

    id: str
    label: str
    provider: str
    profile: str
    offer: dict[str, Any]
    gpu: str
    machine_id: str
    usd_per_hour: float
    storage_usd_per_hour: float
    reason: str
    bandwidth_usd: float = 0.0
    worker_password_sha256: str | None = None
    boot_promised_s: float | None = None
    boot_expected_s: float | None = None
    boot_deadline_s: float | None = None


class InstanceLedger:
    """The machines. Returned rows are detached and read-only; the states are `provisioner.lifecycle`'s."""

    def __init__(self, engine: Engine) -> None:
        self._session = Sessions(engine)

    def intend(self, intent: Intent, *, role: str, leader_epoch: int, now: datetime) -> Instance:
        """Commit the intent to rent.

        Raises:
            NoLongerLeader: where `leader_epoch` is not the current one of `role`.
        """
        with self._session.begin() as session:
            leader = session.get(Leadership, role, with_for_update=True)
            if leader is None or leader.epoch != leader_epoch or leader.until < now:
                raise NoLongerLeader
            row = Instance(
                id=intent.id,
                label=intent.label,
                state=INTENDED,
                provider=intent.provider,
                profile=intent.profile,
                leader_epoch=leader_epoch,
                offer_json=intent.offer,
                gpu=intent.gpu,
                machine_id=intent.machine_id,
                usd_per_hour=intent.usd_per_hour,
                storage_usd_per_hour=intent.storage_usd_per_hour,
                reason=intent.reason[:500],
                bandwidth_usd=intent.bandwidth_usd,
                worker_password_sha256=intent.worker_password_sha256,
                boot_promised_s=intent.boot_promised_s,
                boot_expected_s=intent.boot_expected_s,
                boot_deadline_s=intent.boot_deadline_s,
                intended_at=now,
            )
            session.add(row)
        return row

    def move(self, instance_id: str, target: str, *, sources: Collection[str], **values: object) -> Instance | None:
        """Compare-and-set on the state; None where it was in none of `sources`."""
        with self._session.begin() as session:
            statement = (
                update(Instance)
                .where(Instance.id == instance_id, Instance.state.in_(sources))
                .values(state=target, **values)
            )
            changed = cast("CursorResult[Any]", session.execute(statement)).rowcount
            return session.get(Instance, instance_id) if changed else None

    def note(self, instance_id: str, **values: object) -> None:
        """Record facts that change no state (idle since, running at)."""
        with self._session.begin() as session:
            session.execute(update(Instance).where(Instance.id == instance_id).values(**values))

    def get(self, instance_id: str) -> Instance | None:
        """One machine by our id."""
        with self._session() as session:
            return session.get(Instance, instance_id)

    def of_label(self, label: str) -> Instance | None:
        """One machine by its label at the provider."""
        with self._session() as session:
            return session.scalars(select(Instance).where(Instance.label == label)).one_or_none()

    def live(self) -> Sequence[Instance]:
        """All that may still cost money, oldest first."""
        with self._session() as session:
            query = select(Instance).where(Instance.state != DESTROYED).order_by(Instance.intended_at)
            return session.scalars(query).all()

    def billed_since(self, moment: datetime) -> Sequence[Instance]:
        """All that cost money at some time after `moment`."""
        with self._session() as session:
            query = (
                select(Instance)
                .where(or_(Instance.destroyed_at.is_(None), Instance.destroyed_at > moment))
                .order_by(Instance.intended_at)
            )
            return session.scalars(query).all()

    def recent_ends(self, *, limit: int = 500) -> Sequence[Instance]:
        """The newest machines of which is known whether they got ready, newest first."""
        with self._session() as session:
            query = (
                select(Instance)
                .where(or_(Instance.ready_at.is_not(None), Instance.destroying_at.is_not(None)))
                .order_by(Instance.intended_at.desc())
                .limit(limit)
            )
            return session.scalars(query).all()

    def intended_since(self, moment: datetime) -> Sequence[Instance]:
        """All intents after `moment`, whatever became of them."""
        with self._session() as session:
            query = select(Instance).where(Instance.intended_at > moment).order_by(Instance.intended_at)
            return session.scalars(query).all()
