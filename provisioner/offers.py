"""Which offers fit a profile, which is the best of them, and why the others do not. Pure."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from config.registry import Profile
from provisioner.providers.base import Offer

MIN_LIFE_S = 6 * 3600.0
# The image of a GPU worker, compressed; the warm checkpoints come on top.
IMAGE_GB = 8.0


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """The fitting offers, best first, and for each of the others the first reason against it."""

    fitting: tuple[Offer, ...] = ()
    rejected: tuple[tuple[Offer, str], ...] = ()

    @property
    def summary(self) -> str:
        """Such as "31 offers, none fits: 20 price, 11 download speed"."""
        total = len(self.fitting) + len(self.rejected)
        if self.fitting:
            return f"{total} offers, {len(self.fitting)} fit"
        reasons = Counter(reason.partition(":")[0] for _, reason in self.rejected)
        listed = ", ".join(f"{count} {reason}" for reason, count in reasons.most_common())
        return f"{total} offers, none fits" + (f": {listed}" if listed else "")


def rank(offers: Iterable[Offer], profile: Profile, *, download_gb: float, avoided: Collection[str] = ()) -> Ranking:
    """Sort offers by the profile's order of providers, then by what the first hour on them costs.

    Args:
        offers: the market.
        profile: the requirements.
        download_gb: what a fresh machine must fetch before it is ready, paid at the host's own rate.
        avoided: machine ids that failed lately, and offer ids that were just taken.
    """
    fitting, rejected = [], []
    for offer in offers:
        reason = against(offer, profile, avoided=avoided)
        if reason:
            rejected.append((offer, reason))
        else:
            fitting.append(offer)
    order: dict[str, int] = {name: place for place, name in enumerate(profile.providers)}
    fitting.sort(
        key=lambda offer: (order.get(offer.provider, 0), first_hour_usd(offer, download_gb=download_gb), offer.id)
    )
    return Ranking(fitting=tuple(fitting), rejected=tuple(rejected))


def first_hour_usd(offer: Offer, *, download_gb: float) -> float:
    """US dollars of the first hour, by the chance that the host stays: half the reliability is twice the price."""
    return (offer.usd_per_hour + download_gb * offer.usd_per_gb_down) / max(offer.reliability, 0.01)


def against(offer: Offer, profile: Profile, *, avoided: Collection[str] = ()) -> str:
    """The first reason why this offer does not fit, "subject: figures"; "" where it does."""
    need = profile.gpu
    checks = (
        (offer.machine_id in avoided, "failed lately: this machine"),
        (offer.id in avoided, "taken: somebody was quicker"),
        (bool(need.names) and offer.gpu not in need.names, f"GPU model: {offer.gpu}"),
        (offer.vram_gb < need.min_vram_gb, f"GPU memory: {offer.vram_gb:.1f} GB < {need.min_vram_gb} GB"),
        (
            offer.compute_capability < need.min_compute_capability,
            f"compute capability: {offer.compute_capability} < {need.min_compute_capability}",
        ),
        (offer.cuda < need.min_cuda, f"CUDA: {offer.cuda} < {need.min_cuda}"),
        (
            offer.usd_per_hour > profile.max_usd_per_hour,
            f"price: ${offer.usd_per_hour:.3f}/h > ${profile.max_usd_per_hour:.3f}/h",
        ),
        (offer.reliability < need.min_reliability, f"reliability: {offer.reliability:.3f} < {need.min_reliability}"),
        (
            offer.download_mbps < need.min_download_mbps,
            f"download speed: {offer.download_mbps:.0f} < {need.min_download_mbps:.0f} Mbit/s",
        ),
        (need.verified_only and not offer.verified, "verification: not verified"),
        (bool(need.countries) and offer.country not in need.countries, f"country: {offer.country or 'unknown'}"),
        (
            offer.lasts_s is not None and offer.lasts_s < MIN_LIFE_S,
            f"contract end: in {(offer.lasts_s or 0) / 3600:.1f} h",
        ),
    )
    return next((reason for hit, reason in checks if hit), "")
