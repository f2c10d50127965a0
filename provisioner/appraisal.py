"""What an offer is worth to a profile, with all that its machine did before; for loop and command line. Pure."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from config.registry import Profile
from provisioner import deadlines, offers
from provisioner.deadlines import Boot
from provisioner.offers import Ranking
from provisioner.paces import AS_PROMISED, Paces
from provisioner.providers.base import Offer
from provisioner.strikes import NONE, Strikes
from tasks.ledger import Instance


@dataclass(frozen=True)
class Appraisal:
    """`download_gb`: what a fresh machine of the profile fetches before it is ready."""

    profile: Profile
    download_gb: float
    strikes: Strikes = NONE
    paces: Paces = AS_PROMISED

    @classmethod
    def of(cls, ends: Sequence[Instance], profile: Profile, *, download_gb: float, now: datetime) -> "Appraisal":
        """`ends`: the newest machines of which is known whether they got ready, newest first."""
        return cls(profile, download_gb, Strikes.of(ends, now=now), Paces.of(ends))

    def rank(self, found: Iterable[Offer], *, avoided: Collection[str] = ()) -> Ranking:
        """The fitting ones, best first."""
        return offers.rank(
            found,
            self.profile,
            download_gb=self.download_gb,
            avoided=avoided,
            strikes=self.strikes,
            paces=self.paces,
        )

    def boot(self, offer: Offer) -> Boot:
        """When it should be ready, and when it is given up."""
        return deadlines.boot_of(
            offer, self.profile, download_gb=self.download_gb, strikes=self.strikes, paces=self.paces
        )

    def first_hour_usd(self, offer: Offer) -> float:
        """What getting ready and then working for an hour is expected to cost."""
        return offers.first_hour_usd(offer, download_gb=self.download_gb, strikes=self.strikes, paces=self.paces)
