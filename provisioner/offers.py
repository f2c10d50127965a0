"""Which offers fit a profile, which is the best of them, and why the others do not. Pure."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from config.registry import Profile
from provisioner.paces import AS_PROMISED, Paces
from provisioner.providers.base import Offer
from provisioner.strikes import NONE, Strikes

MIN_LIFE_S = 6 * 3600.0
# From the container's first second to the first heartbeat: imports, and the checkpoint into memory (research: 45 s).
START_S = 60.0
_MBIT_PER_GB = 8000.0
_S_PER_HOUR = 3600.0
_LOOSE: dict[str, object] = {
    "min_vram_gb": 0.0,
    "min_compute_capability": 0.0,
    "min_cuda": 0.0,
    "min_reliability": 0.0,
    "min_download_mbps": 0.0,
    "verified_only": False,
    "countries": (),
}


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


def rank(
    offers: Iterable[Offer],
    profile: Profile,
    *,
    download_gb: float,
    avoided: Collection[str] = (),
    strikes: Strikes = NONE,
    paces: Paces = AS_PROMISED,
) -> Ranking:
    """Sort offers by the profile's order of providers, then by what an hour of work on them is expected to cost.

    Args:
        offers: the market.
        profile: the requirements.
        download_gb: what a fresh machine must fetch before it is ready, paid at the host's own rate.
        avoided: machine ids that failed lately, and offer ids that were just taken.
        strikes: what the machines did to us before.
        paces: how long they took to start.
    """
    fitting, rejected = [], []
    for offer in offers:
        reason = against(offer, profile, avoided=avoided, strikes=strikes)
        if reason:
            rejected.append((offer, reason))
        else:
            fitting.append(offer)
    order: dict[str, int] = {name: place for place, name in enumerate(profile.providers)}
    fitting.sort(
        key=lambda offer: (
            order.get(offer.provider, 0),
            first_hour_usd(offer, download_gb=download_gb, strikes=strikes, paces=paces),
            offer.id,
        )
    )
    return Ranking(fitting=tuple(fitting), rejected=tuple(rejected))


def promised_s(offer: Offer, *, download_gb: float) -> float:
    """Seconds until the worker is ready by the offer's word: what it fetches at the host's own speed, and to start."""
    return START_S + download_gb * _MBIT_PER_GB / max(offer.download_mbps, 1.0)


def boot_s(offer: Offer, *, download_gb: float, paces: Paces = AS_PROMISED) -> float:
    """Seconds until the worker is ready, by the offer's word and by how far such words were true."""
    return promised_s(offer, download_gb=download_gb) * paces.of_machine(offer.machine_id)


def until_ready_usd(offer: Offer, *, download_gb: float, strikes: Strikes = NONE, paces: Paces = AS_PROMISED) -> float:
    """Expected US dollars until a worker is ready: attempts that fail cost their time and bytes, too.

    While the image loads only the disk is billed; the weights load with the GPU running.
    """
    attempt = download_gb * offer.usd_per_gb_down
    attempt += boot_s(offer, download_gb=download_gb, paces=paces) * offer.storage_usd_per_hour / _S_PER_HOUR
    attempt += START_S * offer.usd_per_hour / _S_PER_HOUR
    return attempt / (strikes.chance(offer.machine_id) * max(offer.reliability, 0.01))


def first_hour_usd(offer: Offer, *, download_gb: float, strikes: Strikes = NONE, paces: Paces = AS_PROMISED) -> float:
    """Expected US dollars of getting ready and then working for an hour; waiting people count as the GPU's price.

    An hour on a machine that is less reliable is worth less.
    """
    waiting = boot_s(offer, download_gb=download_gb, paces=paces) * offer.usd_per_hour / _S_PER_HOUR
    ready = until_ready_usd(offer, download_gb=download_gb, strikes=strikes, paces=paces)
    chance = strikes.chance(offer.machine_id)
    return ready + waiting / chance + offer.usd_per_hour / max(offer.reliability, 0.01)


def remedies(offers: Iterable[Offer], profile: Profile) -> list[str]:
    """Which requirement, given up alone, would let how many offers fit: for a wish that nothing fulfils."""
    found = list(offers)
    if not found or any(not against(offer, profile) for offer in found):
        return []
    need = profile.gpu
    loosened = {
        "the GPU names": profile.model_copy(update={"gpu": need.model_copy(update={"names": ()})}),
        "max_usd_per_hour": profile.model_copy(update={"max_usd_per_hour": float("inf")}),
        **{
            name: profile.model_copy(update={"gpu": need.model_copy(update={name: value})})
            for name, value in _LOOSE.items()
        },
    }
    counts = {name: sum(not against(offer, looser) for offer in found) for name, looser in loosened.items()}
    best = sorted((item for item in counts.items() if item[1]), key=lambda item: -item[1])
    if not best:
        return ["No single requirement rules them all out: at least two must give way."]
    return [f"Without {name}, {count} of {len(found)} would fit." for name, count in best]


def against(offer: Offer, profile: Profile, *, avoided: Collection[str] = (), strikes: Strikes = NONE) -> str:
    """The first reason why this offer does not fit, "subject: figures"; "" where it does."""
    need = profile.gpu
    checks = (
        (offer.machine_id in avoided, "failed lately: this machine"),
        (strikes.too_many(offer.machine_id), f"strikes: {strikes.score(offer.machine_id):.1f} failed starts"),
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
