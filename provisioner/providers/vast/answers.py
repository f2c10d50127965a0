"""What Vast answers, read tolerantly: unknown fields are ignored, and only what nothing can do without is required."""

from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from provisioner.providers.abilities import Charge
from provisioner.providers.base import Listed, Offer, Status

_HOURS_PER_MONTH = 730.0
_MB_PER_GB = 1024.0
_CAPABILITY_SCALE = 100.0
_PENDING = {None: Status.ALLOCATING, "created": Status.ALLOCATING, "loading": Status.PULLING}
_RESTARTING = frozenset({"rebooting", "restarting"})
_ENDED = {"exited": Status.EXITED, "stopped": Status.STOPPED, "frozen": Status.STOPPED}
_SILENT = frozenset({"offline", "unknown"})
# Vast's own self-test and other clients take these words in `status_msg` for a container that will never run.
_FATAL_WORDS = ("oci runtime", "error response", "permission denied", "traceback", "exception", "failed")


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)


class CreateAnswer(_Answer):
    """The reply to a create, good or bad: dstack documents errors that carry `new_contract` all the same."""

    success: bool | None = None
    new_contract: int | None = None
    error: str = ""
    msg: str = ""

    @property
    def reason(self) -> str:
        """What Vast says, for a log line."""
        return ": ".join(part for part in (self.error, self.msg) if part)[:300]


class ListPage(_Answer):
    """One page of the listing. Only `success` that is not false together with a list of rows is a listing."""

    success: bool | None = None
    instances: list[Any] | None = None
    instances_found: int | None = None
    total_instances: int | None = None
    next_token: str | None = None
    error: str = ""
    msg: str = ""


class InstanceRow(_Answer):
    """One machine; everything but the id may be absent while the contract is made."""

    id: int
    label: str | None = None
    actual_status: str | None = None
    intended_status: str | None = None
    cur_state: str | None = None
    next_state: str | None = None
    status_msg: str | None = None
    gpu_name: str | None = None
    machine_id: str | None = None
    dph_total: float | None = None
    start_date: float | None = None
    ssh_host: str | None = None
    ssh_port: int | None = None
    image_runtype: str | None = None

    def listed(self) -> Listed:
        """The row as the fleet sees it."""
        return Listed(
            provider_instance_id=str(self.id),
            label=(self.label or "").strip(),
            status=self.status(),
            message=(self.status_msg or "").strip()[:200],
            gpu=self.gpu_name or "",
            machine_id=self.machine_id or "",
            usd_per_hour=self.dph_total or 0.0,
            created_at=None if self.start_date is None else datetime.fromtimestamp(self.start_date, UTC),
        )

    def status(self) -> Status:
        """Four fields to one: what the host reports, what the contract is at, and what docker said."""
        actual = self.actual_status
        if {self.cur_state, self.next_state, self.intended_status} == {"stopped"}:
            return Status.STOPPED  # outbid, out of credit, or never started
        if actual in _SILENT:
            return Status.OFFLINE
        if actual in _ENDED:
            return _ENDED[actual]
        if actual in _PENDING or actual in _RESTARTING:
            return Status.BROKEN if self._is_fatal() else _PENDING.get(actual, Status.ALLOCATING)
        return Status.RUNNING if actual == "running" else Status.ALLOCATING

    def _is_fatal(self) -> bool:
        message = (self.status_msg or "").lower()
        return any(word in message for word in _FATAL_WORDS)


class OfferRow(_Answer):
    """One offer. Memory in MB, compute capability times 100, storage in $ per GB and month, as Vast sends them."""

    id: int
    machine_id: str
    gpu_name: str
    dph_total: float = Field(ge=0, allow_inf_nan=False)
    gpu_ram: float
    compute_cap: float = 0.0
    cuda_max_good: float = 0.0
    reliability: float | None = None
    reliability2: float | None = None
    inet_down: float | None = None
    inet_down_cost: float | None = None
    inet_up_cost: float | None = None
    min_bid: float | None = None
    storage_cost: float | None = None
    verified: bool | None = None
    verification: str | None = None
    geolocation: str | None = None
    duration: float | None = None
    num_gpus: int = 1

    def offer(self, *, disk_gb: float) -> Offer:
        """The row as the fleet sees it; `dph_total` was asked for with this disk."""
        return Offer(
            id=str(self.id),
            machine_id=self.machine_id,
            gpu=self.gpu_name,
            usd_per_hour=self.dph_total,
            storage_usd_per_hour=(self.storage_cost or 0.0) * disk_gb / _HOURS_PER_MONTH,
            vram_gb=self.gpu_ram / _MB_PER_GB,
            compute_capability=self.compute_cap / _CAPABILITY_SCALE,
            cuda=self.cuda_max_good,
            reliability=self.reliability or self.reliability2 or 0.0,
            download_mbps=self.inet_down or 0.0,
            usd_per_gb_down=self.inet_down_cost or 0.0,
            usd_per_gb_up=self.inet_up_cost or 0.0,
            verified=self.verified is True or self.verification == "verified",
            country=(self.geolocation or "").rpartition(",")[2].strip(),
            lasts_s=self.duration,
            raw=self.model_dump(mode="json"),
        )


class ChargeItem(_Answer):
    """One kind of cost within a charge."""

    type: str = ""
    amount: float = 0.0


class ChargeRow(_Answer):
    """What one machine cost; `source` is `instance-<id>`."""

    source: str
    amount: float = Field(allow_inf_nan=False)
    metadata: dict[str, Any] | None = None
    items: list[ChargeItem] | None = None

    def charge(self) -> Charge:
        """The row as the fleet sees it."""
        parts = {item.type: item.amount for item in self.items or []}
        return Charge(
            provider_instance_id=self.source.removeprefix("instance-"),
            label=str((self.metadata or {}).get("label") or ""),
            total_usd=self.amount,
            gpu_usd=parts.get("gpu", 0.0),
            storage_usd=parts.get("storage", 0.0),
            bandwidth_usd=parts.get("bandwidth", 0.0),
        )


class ChargePage(_Answer):
    """One page of charges. Only a list is a page."""

    results: list[ChargeRow]
    next_token: str | None = None


class UserAnswer(_Answer):
    """The account. `balance` is documented, `credit` is what clients in the wild read."""

    credit: float | None = None
    balance: float | None = None


def read_offers(rows: Any, *, disk_gb: float) -> tuple[Offer, ...]:
    """The rows that can be read; one broken row does not spoil the market.

    Raises:
        TypeError: where it is no list at all.
    """
    if not isinstance(rows, list):
        message = f"a list of offers was expected, not {type(rows).__name__}"
        raise TypeError(message)
    offers = []
    for row in rows:
        try:
            offers.append(OfferRow.model_validate(row).offer(disk_gb=disk_gb))
        except (ValidationError, ValueError):
            continue
    return tuple(offers)
