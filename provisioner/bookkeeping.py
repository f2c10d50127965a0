"""Once an hour: our count beside the provider's charges. And a word where a machine costs money and does nothing."""

from datetime import datetime, timedelta

import structlog

from provisioner import charging, costs
from provisioner.charging import Comparison
from provisioner.observation import Machine, Observation
from provisioner.providers.abilities import HasAccount
from provisioner.providers.base import Provider
from tasks.ledger import Instance, Ledger

log = structlog.get_logger()

EVERY = timedelta(hours=1)
LOOK_BACK = timedelta(days=3)
# Charges come in late; a machine that ended so long ago is charged for in full.
SETTLED_AFTER = timedelta(hours=6)
# Up to this difference nobody need be told: our count begins at the intent and is rounded against us.
TOLERATED_USD, TOLERATED_SHARE = 0.05, 0.1
IDLE_WORTH_A_WORD_S = 120.0


class Bookkeeper:
    """Changes nothing but the notes beside each machine, and what the owner hears."""

    def __init__(self, ledger: Ledger, provider: Provider, *, deployment: str) -> None:
        self._ledger = ledger
        self._provider = provider
        self._deployment = deployment
        self._compared_at: datetime | None = None
        self._said_idle: set[str] = set()

    def look(self, seen: Observation) -> None:
        """After each pass."""
        self._say_who_idles(seen)
        due = self._compared_at is None or seen.now - self._compared_at >= EVERY
        if due and isinstance(self._provider, HasAccount):
            self._compared_at = seen.now
            self._compare(seen.now)

    def _say_who_idles(self, seen: Observation) -> None:
        idle = {one.row.id: one for one in seen.machines if (one.idle_s or 0.0) >= IDLE_WORTH_A_WORD_S}
        for machine in (one for name, one in idle.items() if name not in self._said_idle):
            _warn(machine, seen.now)
        self._said_idle = set(idle)

    def _compare(self, now: datetime) -> None:
        found = charging.compare(
            self._ledger, self._provider, deployment=self._deployment, since=now - LOOK_BACK, now=now
        )
        log.info("charges compared", said=found.sentence)
        counted, charged = self._settled(now)
        if _differs(counted, charged):
            log.warning("the provider charges otherwise", counted_usd=round(counted, 4), charged_usd=round(charged, 4))
            self._note("charges", now, counted=counted, charged=charged)
        if found.unknown:
            self._note("unknown_charges", now, charged=_total(found))

    def _settled(self, now: datetime) -> tuple[float, float]:
        """What we counted and what was charged for machines whose charges are complete, in US dollars."""
        rows = [row for row in self._ledger.instances.billed_since(now - LOOK_BACK) if _is_settled(row, now)]
        return sum(costs.cost_usd(row, until=now) for row in rows), sum(row.charged_usd or 0.0 for row in rows)

    def _note(self, about: str, now: datetime, **usd: float) -> None:
        """Once a day."""
        values = {name: f"{value:.2f}" for name, value in usd.items()}
        self._ledger.alerts.note(f"{about}:{now:%Y-%m-%d}", about, now=now, **values)


def _warn(machine: Machine, now: datetime) -> None:
    log.warning(
        "machine idles and costs money",
        instance_id=machine.row.id,
        gpu=machine.row.gpu,
        idle_s=round(machine.idle_s or 0.0),
        cost_usd=round(costs.cost_usd(machine.row, until=now), 4),
        usd_per_hour=round(machine.row.usd_per_hour, 4),
    )


def _is_settled(row: Instance, now: datetime) -> bool:
    return row.charged_usd is not None and row.destroyed_at is not None and row.destroyed_at < now - SETTLED_AFTER


def _differs(counted: float, charged: float) -> bool:
    return abs(counted - charged) > max(TOLERATED_USD, TOLERATED_SHARE * charged)


def _total(found: Comparison) -> float:
    return sum(charge.total_usd for charge in found.unknown)
