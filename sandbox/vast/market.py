"""The offers of the sandbox market and who holds which GPU. Pure: no clock, no I/O."""

import random
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sandbox.vast.billing import storage_usd_per_hour
from sandbox.vast.gpus import CARDS, STANDS, Card, Stand

FIRST_OFFER_ID = 9_400_100
FIRST_MACHINE_ID = 31_200
DEFAULT_ALLOCATED_GB = 5.0  # what a search without allocated_storage is priced for
BID_SHARE = 0.55  # min_bid as a share of the on-demand price


@dataclass(frozen=True)
class Offer:
    """One rentable slice of a machine. Prices in $/h, storage_cost in $/GB/month, inet in Mbps and $/GB."""

    offer_id: int
    machine_id: int
    card: Card
    stand: Stand
    dph_base: float
    min_bid: float
    ip: str
    driver: tuple[int, int, int]
    cuda: float

    def dph_total(self, disk_gb: float) -> float:
        """On-demand $/h with a disk of `disk_gb`; bandwidth not included, as at Vast."""
        return self.dph_base + storage_usd_per_hour(self.stand.storage_cost, disk_gb)


@dataclass
class Market:
    """The offers, and for each GPU that is taken the instance that holds it."""

    offers: dict[int, Offer]
    holders: dict[int, int] = field(default_factory=dict)

    def get(self, offer_id: int) -> Offer | None:
        return self.offers.get(offer_id)

    def is_free(self, offer_id: int) -> bool:
        return offer_id not in self.holders

    def hold(self, offer_id: int, instance_id: int) -> bool:
        """Take the GPU for an instance; False if another one has it. Holding it already is fine."""
        return self.holders.setdefault(offer_id, instance_id) == instance_id

    def release(self, offer_id: int, instance_id: int) -> None:
        if self.holders.get(offer_id) == instance_id:
            del self.holders[offer_id]

    def raise_min_bid(self, offer_id: int, usd_per_hour: float) -> None:
        offer = self.offers[offer_id]
        self.offers[offer_id] = replace(offer, min_bid=max(offer.min_bid, usd_per_hour))

    def rows(self, now: datetime, *, allocated_gb: float, bid: bool) -> list[dict[str, Any]]:
        """Offer rows as `/bundles/` gives them, rented ones included (`rentable` false)."""
        return [
            offer_row(offer, now, allocated_gb=allocated_gb, bid=bid, rented=not self.is_free(offer.offer_id))
            for offer in self.offers.values()
        ]


def seeded_market(seed: int) -> Market:
    """The same seed gives the same offers, prices and machines."""
    rng = random.Random(seed)  # noqa: S311 - prices, not secrets
    offers = [_offer(number, stand, rng) for number, stand in enumerate(STANDS)]
    return Market({offer.offer_id: offer for offer in offers})


def _offer(number: int, stand: Stand, rng: random.Random) -> Offer:
    card = CARDS[stand.card]
    dph = round(card.usd_per_hour * stand.num_gpus * stand.price_factor * rng.uniform(0.97, 1.03), 4)
    return Offer(
        offer_id=FIRST_OFFER_ID + number * 7 + rng.randrange(7),
        machine_id=FIRST_MACHINE_ID + number * 13,
        card=card,
        stand=stand,
        dph_base=dph,
        min_bid=round(dph * BID_SHARE, 4),
        ip=f"203.0.113.{10 + number}",
        driver=(rng.choice((550, 560, 570, 580)), rng.randrange(20, 150), rng.randrange(10)),
        cuda=12.8 if card.compute_cap >= 1200 else rng.choice((12.4, 12.6, 12.8, 13.0)),  # noqa: PLR2004
    )


def offer_row(offer: Offer, now: datetime, *, allocated_gb: float, bid: bool, rented: bool) -> dict[str, Any]:
    """One row of a search answer; `dph_total` is priced for `allocated_gb` of disk."""
    storage = storage_usd_per_hour(offer.stand.storage_cost, allocated_gb)
    base = offer.min_bid if bid else offer.dph_base
    total = base + storage
    return {
        **_identity(offer),
        **_gpu_fields(offer),
        **_host_fields(offer, now),
        "dph_base": base,
        "dph_total": total,
        "min_bid": offer.min_bid,
        "is_bid": bid,
        "storage_cost": offer.stand.storage_cost,
        "storage_total_cost": storage,
        "dlperf_per_dphtotal": offer.card.dlperf * offer.stand.num_gpus / total,
        "flops_per_dphtotal": offer.card.tflops * offer.stand.num_gpus / total,
        "score": round(offer.card.dlperf * offer.stand.num_gpus / total * offer.stand.reliability, 3),
        "rentable": not rented,
        "rented": rented,
    }


def _identity(offer: Offer) -> dict[str, Any]:
    return {
        "id": offer.offer_id,
        "ask_contract_id": offer.offer_id,
        "bundle_id": offer.offer_id,
        "machine_id": offer.machine_id,
        "host_id": offer.stand.host,
        "public_ipaddr": offer.ip,
        "geolocation": offer.stand.place,
        "hosting_type": int(offer.stand.datacenter),
        "datacenter": offer.stand.datacenter,
        "external": offer.stand.external,
        "verified": offer.stand.verified,
        "verification": "verified" if offer.stand.verified else "unverified",
        "vericode": int(offer.stand.verified),
    }


def _gpu_fields(offer: Offer) -> dict[str, Any]:
    card, count = offer.card, offer.stand.num_gpus
    return {
        "gpu_name": card.name,
        "num_gpus": count,
        "gpu_ram": card.ram_mb,
        "gpu_total_ram": card.ram_mb * count,
        "gpu_frac": 1.0,
        "gpu_arch": card.arch,
        "gpu_mem_bw": card.mem_gb_s,
        "gpu_max_power": card.max_power_w,
        "gpu_max_temp": 90.0,
        "gpu_display_active": False,
        "compute_cap": card.compute_cap,
        "cuda_max_good": offer.cuda,
        "driver_version": ".".join(str(part) for part in offer.driver),
        "driver_vers": offer.driver[0] * 1_000_000 + offer.driver[1] * 1_000 + offer.driver[2],
        "dlperf": card.dlperf * count,
        "total_flops": card.tflops * count,
    }


def _host_fields(offer: Offer, now: datetime) -> dict[str, Any]:
    stand = offer.stand
    lasts = timedelta(days=stand.days_left)
    return {
        "cpu_cores": 32,
        "cpu_cores_effective": 16.0 * stand.num_gpus,
        "cpu_ghz": 3.7,
        "cpu_ram": 64_216 * stand.num_gpus,
        "cpu_arch": "amd64",
        "disk_space": stand.disk_gb,
        "disk_bw": 2900.0,
        "inet_down": stand.inet_down,
        "inet_up": round(stand.inet_down * 0.8, 1),
        "inet_down_cost": stand.inet_cost,
        "inet_up_cost": stand.inet_cost,
        "direct_port_count": 100,
        "static_ip": True,
        "pci_gen": 4.0,
        "pcie_bw": 24.1,
        "has_avx": 1,
        "os_version": "22.04",
        "ubuntu_version": "22.04",
        "vms_enabled": False,
        "reliability": stand.reliability,
        "reliability2": stand.reliability,
        "duration": lasts.total_seconds(),
        "start_date": None,
        "end_date": (now + lasts).timestamp(),
        "cluster_id": None,
        "resource_type": "gpu",
    }
