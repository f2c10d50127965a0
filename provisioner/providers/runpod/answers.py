"""What RunPod's REST API v2 answers, read tolerantly: unknown fields are ignored."""

import re
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from provisioner.providers.base import Listed, Offer, Status

_HOURS_PER_MONTH = 730.0
# From RunPod's price list, not from its API: $ per GB and month of a running pod's container disk.
DISK_USD_PER_GB_MONTH = 0.10
# RunPod says nothing about single hosts; these stand for its own promises (secure: data centres, community: others).
RELIABILITY = {"SECURE": 0.99, "COMMUNITY": 0.95}
ASSUMED_MBPS = 1000.0
_STATUSES = {
    "PROVISIONING": Status.ALLOCATING,
    "STARTING": Status.PULLING,
    "RUNNING": Status.RUNNING,
    "STOPPING": Status.STOPPED,
    "STOPPED": Status.STOPPED,
    "EXITED": Status.EXITED,
    "FAILED": Status.BROKEN,
    "ERROR": Status.BROKEN,
}
GONE = frozenset({"TERMINATED", "TERMINATING", "DELETED"})
# Compute capability by name, since the catalogue does not give it; first match wins, an unknown card counts as 0.
_CAPABILITIES = (
    (r"B200|B300", 10.0),
    (r"RTX 50\d\d|RTX PRO \d000", 12.0),
    (r"H100|H200|GH200", 9.0),
    (r"RTX 40\d\d|L4\b|L40|Ada", 8.9),
    (r"RTX 30\d\d|A\d000\b|A40\b|A10\b", 8.6),
    (r"A100|A30\b", 8.0),
    (r"T4\b|RTX 20\d\d", 7.5),
    (r"V100", 7.0),
)


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)


class Price(_Answer):
    """US dollars per hour and GPU; 0 or absent where a cloud does not have the card."""

    secure: float | None = None
    community: float | None = None


class Gpu(_Answer):
    """One kind of GPU. Memory in GB; `availability` NONE, LOW, MEDIUM or HIGH where it was asked for."""

    id: str
    name: str = ""
    memory: float = Field(gt=0)
    price: Price = Price()
    availability: str | None = None

    def offer(self, cloud: str, *, disk_gb: float, cuda: float) -> Offer | None:
        """One pod of this kind in one cloud; None where there is none now."""
        usd = self.price.secure if cloud == "SECURE" else self.price.community
        if not usd or self.availability in {None, "NONE"}:
            return None
        storage = DISK_USD_PER_GB_MONTH * disk_gb / _HOURS_PER_MONTH
        return Offer(
            id=f"{cloud}/{self.id}",
            machine_id=f"{cloud}/{self.id}"[:64],
            gpu=self.name or self.id,
            usd_per_hour=usd + storage,
            storage_usd_per_hour=storage,
            vram_gb=self.memory,
            compute_capability=capability(self.name or self.id),
            cuda=cuda,
            reliability=RELIABILITY[cloud],
            download_mbps=ASSUMED_MBPS,
            verified=cloud == "SECURE",
            raw=self.model_dump(mode="json") | {"cloud": cloud},
        )


class Catalogue(_Answer):
    """`GET /v2/catalog/gpus`."""

    gpus: list[Any]


class PodGpu(_Answer):
    """What a pod has."""

    id: str = ""
    name: str | None = None


class Pod(_Answer):
    """One pod; all but the id may be absent."""

    id: str = Field(min_length=1)
    name: str | None = None
    status: str | None = None
    gpu: PodGpu | None = None
    cost: float | None = Field(None, alias="costPerHr")
    created_at: str | None = Field(None, alias="createdAt")

    @property
    def is_gone(self) -> bool:
        """Ended for good; some listings still show it for a while."""
        return (self.status or "") in GONE

    def listed(self) -> Listed:
        """The pod as the fleet sees it; an unknown word is no failure, the boot deadline decides."""
        return Listed(
            provider_instance_id=self.id,
            label=(self.name or "").strip(),
            status=_STATUSES.get(self.status or "", Status.ALLOCATING),
            gpu="" if self.gpu is None else self.gpu.name or self.gpu.id,
            usd_per_hour=self.cost or 0.0,
            created_at=_moment(self.created_at),
        )


class PodPage(_Answer):
    """`GET /v2/pods`. Only a list is a listing."""

    pods: list[Pod]
    next_cursor: str | None = Field(None, alias="nextCursor")


class Problem(_Answer):
    """`application/problem+json`."""

    title: str = ""
    detail: str = ""
    error: str = ""

    @property
    def sentence(self) -> str:
        """What RunPod says, for a log line."""
        return (self.detail or self.title or self.error)[:300]


def capability(name: str) -> float:
    """The compute capability of a card; 0.0 where we do not know it."""
    return next((value for pattern, value in _CAPABILITIES if re.search(pattern, name)), 0.0)


def read_offers(body: Any, cloud: str, *, disk_gb: float, cuda: float) -> list[Offer]:
    """The kinds that can be had; one broken row does not spoil the market.

    Raises:
        ValidationError: where it is no catalogue at all.
    """
    offers = []
    for row in Catalogue.model_validate(body).gpus:
        try:
            offer = Gpu.model_validate(row).offer(cloud, disk_gb=disk_gb, cuda=cuda)
        except ValidationError:
            continue
        offers += [offer] if offer else []
    return offers


def _moment(text: str | None) -> datetime | None:
    try:
        read = None if text is None else datetime.fromisoformat(text)
    except ValueError:
        return None
    return read if read is None or read.tzinfo else read.replace(tzinfo=UTC)
