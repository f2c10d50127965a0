"""Parks a machine and wakes it. The ledger moves first; what the provider then makes of it, the next passes see.

A park that did not happen shows as a parked machine that runs, a wake that did not as one that stays stopped: both are
ended by `reconcile`, so a crash between the two lines costs a minute, not a night.
"""

from collections.abc import Callable
from datetime import datetime

import structlog
from redis import Redis
from redis.exceptions import RedisError

from provisioner import costs
from provisioner.lead import Lead
from provisioner.lifecycle import State
from provisioner.providers.abilities import CanPark, Outcome, Refused
from provisioner.providers.base import Provider
from tasks import keys
from tasks.ledger import Instance, Ledger
from tasks.ledger.orders import park_order, wake_order

log = structlog.get_logger()


class Parker:
    """The acting side of `Park` and `Unpark`."""

    def __init__(
        self, ledger: Ledger, redis: Redis, provider: Provider, *, lead: Lead, now: Callable[[], datetime]
    ) -> None:
        self._ledger = ledger
        self._redis = redis
        self._provider = provider
        self._lead = lead
        self._now = now

    def park(self, row: Instance, reason: str) -> None:
        """Stop it and keep its disk. Its Redis user stays: it wakes with the same variables."""
        provider = self._able(row)
        if provider is None or row.provider_instance_id is None:
            return
        now = self._now()
        self._lead.require()
        moved = self._ledger.instances.move(
            row.id,
            State.PARKED,
            sources={State.READY},
            parked_at=now,
            waking_at=None,
            running_at=None,
            runs_json=costs.finished_runs(row, now=now),
        )
        self._ledger.orders.withdraw(park_order(row.id))
        if moved is None:
            return
        log.info("parking", instance_id=row.id, gpu=row.gpu, reason=reason, usd_per_hour=row.storage_usd_per_hour)
        self._tell("not parked yet", row, provider.park(row.provider_instance_id))

    def unpark(self, row: Instance, reason: str) -> None:
        """Ask it to run again. Its GPU counts as billed from now on, which is a little more than the provider takes."""
        provider = self._able(row)
        if provider is None or row.provider_instance_id is None:
            return
        now = self._now()
        self._lead.require()
        try:
            self._redis.delete(keys.heartbeat(row.id))  # one from before it slept would call it ready
        except RedisError:
            return  # without Redis nobody can work; the next pass asks again
        moved = self._ledger.instances.move(
            row.id, State.WAKING, sources={State.PARKED}, parked_at=None, waking_at=now, running_at=now
        )
        self._ledger.orders.withdraw(wake_order(row.id))
        if moved is None:
            return
        log.info("waking", instance_id=row.id, gpu=row.gpu, reason=reason, usd_per_hour=row.usd_per_hour)
        self._tell("not woken", row, provider.unpark(row.provider_instance_id))

    def _able(self, row: Instance) -> CanPark | None:
        if isinstance(self._provider, CanPark) and self._provider.capabilities.can_park:
            return self._provider
        log.warning("this provider cannot park", provider=self._provider.name, instance_id=row.id)
        self._ledger.orders.withdraw(park_order(row.id))
        self._ledger.orders.withdraw(wake_order(row.id))
        return None

    def _tell(self, what: str, row: Instance, outcome: Outcome) -> None:
        if isinstance(outcome, Refused):
            log.warning(what, instance_id=row.id, reason=outcome.reason)
