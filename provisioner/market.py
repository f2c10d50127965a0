"""The provider's offers, asked for rarely because searches are rationed, without those that just disappointed."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import structlog

from config.registry import Profile
from provisioner.appraisal import Appraisal
from provisioner.observation import Market
from provisioner.providers.base import Offer, OfferList, Provider
from provisioner.purse import Purse
from tasks.ledger import Instance

log = structlog.get_logger()

FRESH = timedelta(seconds=90)
# An offer that somebody else took may come back when that one ends.
TAKEN_FOR = timedelta(seconds=60)
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=10)


class MarketWatch:
    """What can be rented for one profile."""

    def __init__(
        self, provider: Provider, profile: Profile, *, download_gb: float, credit_floor_usd: float = 0.0
    ) -> None:
        self._provider = provider
        self._profile = profile
        self._download_gb = download_gb
        self._purse = Purse(provider, floor_usd=credit_floor_usd)
        self._list = OfferList()
        self._asked_at: datetime | None = None
        self._taken: dict[str, datetime] = {}
        self._closed_until: datetime | None = None
        self._closed_because = ""
        self._refusals = 0

    def look(self, now: datetime, *, avoided: Collection[str], ends: Sequence[Instance] = ()) -> Market:
        """The fitting offers, best first, or the reason why there are none.

        Args:
            now: aware UTC.
            avoided: machine ids that failed lately.
            ends: the newest machines of which is known whether they got ready, newest first.
        """
        interval_s = self._provider.capabilities.create_interval_s
        if self._closed_until is not None and now < self._closed_until:
            return Market(problem=self._closed_because, create_interval_s=interval_s)
        objection = self._purse.objection(now)
        if objection:
            return Market(problem=objection, create_interval_s=interval_s)
        if self._is_stale(now):
            self._list = self._provider.offers(self._profile)
            self._asked_at = now
        if self._list.problem:
            log.warning("offers cannot be read", problem=self._list.problem)
            return Market(problem=self._list.problem, create_interval_s=interval_s)
        taken = {offer_id for offer_id, at in self._taken.items() if now - at < TAKEN_FOR}
        known = Appraisal.of(ends, self._profile, download_gb=self._download_gb, now=now)
        ranking = known.rank(self._list.offers, avoided={*avoided, *taken})
        return Market(
            offers=ranking.fitting,
            problem="" if ranking.fitting else ranking.summary,
            create_interval_s=interval_s,
            download_gb=self._download_gb,
            boots={offer.id: known.boot(offer) for offer in ranking.fitting},
        )

    def taken(self, offer: Offer, *, now: datetime) -> None:
        """We or somebody else rented it, or it failed."""
        self._taken[offer.id] = now

    def rented(self) -> None:
        """The provider lets us rent again."""
        self._refusals = 0

    def busy(self, reason: str, *, seconds: float, now: datetime) -> None:
        """The provider asks for patience."""
        self._close(reason, timedelta(seconds=seconds), now)

    def refused(self, reason: str, *, now: datetime) -> None:
        """The provider refuses whatever we ask: ask again, but ever more rarely."""
        self._close(reason, min(FIRST_PAUSE * 2**self._refusals, LONGEST_PAUSE), now)
        self._refusals = min(self._refusals + 1, 10)

    def _close(self, reason: str, pause: timedelta, now: datetime) -> None:
        self._closed_because = reason
        self._closed_until = now + pause

    def _is_stale(self, now: datetime) -> bool:
        if self._asked_at is None:
            return True
        if self._list.problem:
            return (now - self._asked_at).total_seconds() >= self._list.retry_after_s
        # An empty market is worth another look sooner, within what the provider allows.
        return now - self._asked_at >= (FRESH if self._list.offers else FRESH / 3)
