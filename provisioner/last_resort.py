"""The ledger does not answer for long (a full disk, a database that is away): then no machine may bill all night."""

from datetime import datetime

import structlog

from provisioner import reaping
from provisioner.providers.base import Provider

log = structlog.get_logger()

AFTER_S = 600.0


class LastResort:
    """Ends every machine with our label, where we led before the ledger fell silent.

    Without the ledger no job is finished, no cap is kept and no machine is known; a lost render costs less than a
    forgotten GPU. Another provisioner that still reaches the ledger rents again.
    """

    def __init__(self, provider: Provider, *, deployment: str) -> None:
        self._provider = provider
        self._deployment = deployment
        self._led = False
        self._silent_since: datetime | None = None

    def ledger_answered(self, *, is_leader: bool) -> None:
        """All is well."""
        self._led = is_leader
        self._silent_since = None

    def ledger_failed(self, now: datetime) -> None:
        """Another pass without it; after ten minutes of them, and from then on, whatever is listed is ended."""
        if self._silent_since is None:
            self._silent_since = now
        silent_s = (now - self._silent_since).total_seconds()
        if self._led and silent_s > AFTER_S:
            self._end_all(now, silent_s)

    def _end_all(self, now: datetime, silent_s: float) -> None:
        catch = reaping.find(self._provider, None, deployment=self._deployment, now=now)
        for victim in catch.victims:
            log.critical(
                "the ledger does not answer, destroying",
                label=victim.listed.label,
                provider_instance_id=victim.listed.provider_instance_id,
                silent_s=round(silent_s),
            )
            self._provider.destroy(victim.listed.provider_instance_id)
