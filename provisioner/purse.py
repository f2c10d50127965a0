"""The credit that is left at the provider, asked for rarely: too little, and nothing more is rented."""

from datetime import datetime, timedelta

import structlog

from provisioner.providers.abilities import HasAccount
from provisioner.providers.base import Provider

log = structlog.get_logger()

EVERY = timedelta(minutes=5)


class Purse:
    """Where the provider does not tell, or does not answer, its own refusal is the only word on credit."""

    def __init__(self, provider: Provider, *, floor_usd: float) -> None:
        self._provider = provider
        self._floor_usd = floor_usd
        self._asked_at: datetime | None = None
        self._objection = ""

    def objection(self, now: datetime) -> str:
        """Why nothing may be rented for lack of credit; "" where nothing is known to speak against it."""
        if self._floor_usd <= 0 or not isinstance(self._provider, HasAccount):
            return ""
        if self._asked_at is None or now - self._asked_at >= EVERY:
            self._asked_at = now
            self._ask(self._provider)
        return self._objection

    def _ask(self, provider: HasAccount) -> None:
        account = provider.account()
        if account.credit_usd is None:
            log.warning("credit unknown", problem=account.problem)
            self._objection = ""
        elif account.credit_usd < self._floor_usd:
            left = f"${account.credit_usd:.2f} is left at the provider; add credit there"
            self._objection = f"credit_floor_usd is ${self._floor_usd:.2f}, and {left}"
        else:
            self._objection = ""
