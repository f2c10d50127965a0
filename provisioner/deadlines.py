"""How long a start should take, by its offer and by what was learned, and when it is given up. Pure."""

import math
from dataclasses import dataclass

from config.registry import Profile
from provisioner import offers
from provisioner.paces import AS_PROMISED, Paces
from provisioner.providers.base import Offer
from provisioner.strikes import NONE, Strikes
from tasks.ledger import Instance

# A machine that is sure to start is waited for this many times its expected seconds longer than expected. Pulls have
# long tails (research: the 95th of a hundred takes 2.7 times the median); one that failed before gets less patience.
_PATIENCE = 1.5
_MINUTES_FROM_S = 100.0


@dataclass(frozen=True)
class Boot:
    """Seconds from the intent: by the offer's own figures (None: they say nothing), as expected, and given up."""

    promised_s: float | None
    expected_s: float
    deadline_s: float

    @property
    def sentence(self) -> str:
        """Such as "should be ready in 4 min, given up after 9 min"."""
        return f"should be ready in {_spoken(self.expected_s)}, given up after {_spoken(self.deadline_s)}"


def boot_of(
    offer: Offer, profile: Profile, *, download_gb: float, strikes: Strikes = NONE, paces: Paces = AS_PROMISED
) -> Boot:
    """What to expect of renting `offer`, which must fetch `download_gb`.

    The profile bounds the deadline from both sides. Where nobody knows how fast the machine loads, as with an own EC2
    instance that has the image or not, its upper bound holds.
    """
    expected_s = offers.boot_s(offer, download_gb=download_gb, paces=paces)
    if math.isinf(offer.download_mbps):
        return Boot(None, min(expected_s, profile.boot_deadline_s), profile.boot_deadline_s)
    patience = 1 + _PATIENCE * strikes.chance(offer.machine_id)
    latest_s = min(max(expected_s * patience, profile.boot_deadline_min_s), profile.boot_deadline_s)
    return Boot(offers.promised_s(offer, download_gb=download_gb), min(expected_s, latest_s), latest_s)


def deadline_s(row: Instance, profile: Profile) -> float:
    """Seconds from the intent after which a machine that is not ready is given up.

    The profile's upper bound holds for what was rented before deadlines were written down, and for what it undercuts.
    """
    return min(row.boot_deadline_s or math.inf, profile.boot_deadline_s)


def _spoken(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < _MINUTES_FROM_S else f"{seconds / 60:.0f} min"
