"""What a cloud must promise the fleet. Refusals and doubts are data, not exceptions: every caller handles each."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from config.registry import Profile


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A machine that may be rented now. Memory in GB, bandwidth in Mbit/s, prices with the disk of the profile.

    `usd_per_hour` is the whole price while the container runs, storage included; bandwidth is extra.
    `provider` is set where an offer comes from one of several clouds. `bid_usd_per_hour` is our bid for a machine that
    a higher one takes away, without its disk; None: nobody can.
    """

    id: str
    machine_id: str
    gpu: str
    usd_per_hour: float
    storage_usd_per_hour: float
    vram_gb: float
    compute_capability: float
    cuda: float
    reliability: float
    download_mbps: float
    usd_per_gb_down: float = 0.0
    usd_per_gb_up: float = 0.0
    verified: bool = True
    country: str = ""
    lasts_s: float | None = None
    provider: str = ""
    bid_usd_per_hour: float | None = None
    raw: dict[str, Any] = field(default_factory=dict)

    @property
    def is_interruptible(self) -> bool:
        """Whether a higher bid takes the machine away."""
        return self.bid_usd_per_hour is not None


@dataclass(frozen=True, kw_only=True)
class OfferList:
    """The market at one moment. `problem` says why it could not be read; then `retry_after_s` is when to ask again."""

    offers: tuple[Offer, ...] = ()
    problem: str = ""
    retry_after_s: float = 0.0


@dataclass(frozen=True, kw_only=True)
class LaunchSpec:
    """What to run: the label is the idempotency key, unique per intent. Disk in GB. `ssh`: a person may log in."""

    label: str
    image: str
    command: tuple[str, ...]
    environment: dict[str, str]
    disk_gb: float
    ssh: bool = False


@dataclass(frozen=True)
class Created:
    """It exists and its bill may run from now on."""

    provider_instance_id: str


@dataclass(frozen=True)
class Gone:
    """Somebody else took this offer; nothing was made. Try another one."""

    reason: str


@dataclass(frozen=True)
class NoCapacity:
    """Not now: too many requests, or no machine. Nothing was made; the same may work in `retry_after_s`."""

    reason: str
    retry_after_s: float


@dataclass(frozen=True)
class Ambiguous:
    """No answer, or one that cannot be read: it may or may not exist. Look for the label before anything else."""

    reason: str


@dataclass(frozen=True)
class CreatedBroken:
    """An error, and yet it exists and bills at least storage. It must be destroyed."""

    provider_instance_id: str
    reason: str


@dataclass(frozen=True)
class Denied:
    """Refused for a reason that another offer does not change: key, credit, our own arguments. Nothing was made."""

    reason: str


CreateResult = Created | Gone | NoCapacity | Ambiguous | CreatedBroken | Denied


@dataclass(frozen=True)
class Destroyed:
    """The provider accepted, or knew nothing of it. Only a later complete listing proves that it is gone."""


@dataclass(frozen=True)
class Pending:
    """Not destroyed as far as we know: ask again. Money still runs."""

    reason: str


DestroyResult = Destroyed | Pending


class Status(StrEnum):
    """What the provider says of a machine; whether it works is for its worker's heartbeat to say."""

    ALLOCATING = "allocating"
    PULLING = "pulling"
    RUNNING = "running"
    STOPPED = "stopped"
    EXITED = "exited"
    BROKEN = "broken"
    OFFLINE = "offline"


# None of these reaches RUNNING again without us; disk is billed in all of them.
FAILED_STATUSES = frozenset({Status.STOPPED, Status.EXITED, Status.BROKEN, Status.OFFLINE})


@dataclass(frozen=True, kw_only=True)
class Listed:
    """One machine in a listing."""

    provider_instance_id: str
    label: str
    status: Status
    message: str = ""
    gpu: str = ""
    machine_id: str = ""
    usd_per_hour: float = 0.0
    created_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A listing. What it does not show is known to be gone only where `complete` is true."""

    at: datetime
    complete: bool
    instances: tuple[Listed, ...] = ()
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What differs between clouds; `docs/providers/` has a page for each.

    `remote`: its machines are not this one, so they need an address that they reach. `rents`: it makes and ends
    machines; one that does not only counts those that are there. `one_machine_per_offer`: an offer is gone once it
    is taken; otherwise it stands for a kind of machine. `can_park`: stopping keeps the disk. `wakes_warm`: a
    stopped one comes back with image and weights, so that parking saves a start. `spot`: its machines
    may be had cheaper and be taken away. `free_while_loading`: no GPU is billed before the container runs.
    """

    create_interval_s: float = 0.0
    remote: bool = True
    rents: bool = True
    one_machine_per_offer: bool = True
    can_park: bool = False
    wakes_warm: bool = False
    spot: bool = False
    free_while_loading: bool = False


class Provider(Protocol):
    """One cloud and account. No method raises for what the network or the cloud does."""

    name: str
    capabilities: Capabilities

    def offers(self, profile: Profile) -> OfferList:
        """What could be rented for this profile; the hard requirements are checked again by `provisioner.offers`."""
        ...

    def create(self, offer: Offer, spec: LaunchSpec) -> CreateResult:
        """Rent one machine, asking once: a repeated request could rent twice."""
        ...

    def snapshot(self, *, now: datetime) -> Snapshot:
        """Every machine of the account, of whatever label."""
        ...

    def destroy(self, provider_instance_id: str) -> DestroyResult:
        """End a machine and its bill. Destroying what is gone is success."""
        ...
