"""A cloud in virtual time that breaks every habit a fleet could come to rely on. Bills by the second."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from config.registry import Profile
from provisioner.providers.abilities import Accepted, Outcome, Refused
from provisioner.providers.base import (
    Ambiguous,
    Capabilities,
    Created,
    CreatedBroken,
    CreateResult,
    Denied,
    Destroyed,
    DestroyResult,
    Gone,
    LaunchSpec,
    Listed,
    NoCapacity,
    Offer,
    OfferList,
    Pending,
    Snapshot,
    Status,
)

PULL_S = 10.0
LATE_S = 25.0
LAG_S = 30.0
USD_PER_HOUR, STORAGE_USD_PER_HOUR, USD_PER_GB = 0.6, 0.012, 0.0005
_OFFER = Offer(
    id="o0",
    machine_id="m0",
    gpu="RTX 4090",
    usd_per_hour=USD_PER_HOUR,
    storage_usd_per_hour=STORAGE_USD_PER_HOUR,
    vram_gb=24,
    compute_capability=8.9,
    cuda=13.0,
    reliability=0.99,
    download_mbps=1000,
    usd_per_gb_down=USD_PER_GB,
)
OFFERS = tuple(replace(_OFFER, id=f"o{n}", machine_id=f"m{n}") for n in range(40))

# What may be wrong with each kind of request while a fault lasts.
FAULTS: dict[str, tuple[str, ...]] = {
    "offers": ("unreadable", "none"),
    "create": ("lost and made", "lost and not made", "lost and made late", "busy", "gone", "denied", "broken"),
    "list": ("fails", "shows half and says so", "shows none", "hides the oldest", "lags"),
    "destroy": ("refused", "lies", "lost and done"),
    "park": ("refused", "lies"),
    "birth": ("never runs", "runs without a worker", "exits"),
}


@dataclass(kw_only=True)
class Contract:
    """One rental: what it is, when its container runs, and when its bill ended. Seconds of real time."""

    id: str
    offer: Offer
    label: str
    begun: float
    runs_from: float
    dud: str = ""
    status: Status | None = None
    is_silent: bool = False
    ended: float | None = None
    billed_usd: float = 0.0

    def status_at(self, moment: float) -> Status:
        """As the cloud's own page would show it."""
        if self.status is not None:
            return self.status
        if self.dud == "exits" and moment >= self.runs_from:
            return Status.EXITED
        return Status.RUNNING if self.dud != "never runs" and moment >= self.runs_from else Status.PULLING

    def rate_at(self, moment: float) -> float:
        """US dollars per hour at a moment: an offline host bills nothing, a stopped one its disk."""
        if self.ended is not None or moment < self.begun or self.status is Status.OFFLINE:
            return 0.0
        running = self.status_at(moment) is Status.RUNNING
        return self.offer.usd_per_hour if running else self.offer.storage_usd_per_hour


@dataclass
class UnreliableCloud:
    """`clock` is real time in seconds, which no jump of a clock moves; `touch` is called before each request."""

    clock: Callable[[], float]
    touch: Callable[[], None]
    epoch: datetime
    name: str = "memory"
    capabilities: Capabilities = field(
        default_factory=lambda: Capabilities(remote=False, free_while_loading=True, can_park=True, wakes_warm=True)
    )
    contracts: list[Contract] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    _faults: dict[str, tuple[str, float]] = field(default_factory=dict)
    _past: list[tuple[float, tuple[Listed, ...]]] = field(default_factory=list)

    # What the test does to it.

    def break_down(self, kind: str, what: str, *, seconds: float) -> None:
        """From now on requests of `kind` fare so, for a while."""
        self._faults[kind] = (what, self.clock() + seconds)

    def heal(self) -> None:
        """All requests are answered truly; what was made in the meantime stays as it is."""
        self._faults = {}

    def has(self, *kinds: str) -> bool:
        """Whether one of these kinds of requests is disturbed now."""
        return any(self._fault(kind) for kind in kinds)

    @property
    def alive(self) -> list[Contract]:
        """Whose bill has begun and not ended."""
        return [one for one in self.contracts if one.ended is None and one.begun <= self.clock()]

    def bill(self, seconds: float) -> float:
        """The US dollars for the last so many seconds."""
        total = 0.0
        for one in self.contracts:
            usd = one.rate_at(self.clock()) * seconds / 3600
            one.billed_usd += usd
            total += usd
        return total

    # What the fleet asks of it.

    def offers(self, profile: Profile) -> OfferList:
        self.touch()
        fault = self._fault("offers")
        if fault == "unreadable":
            return OfferList(problem="HTTP 500", retry_after_s=5)
        held = {one.offer.id for one in self.contracts if one.ended is None}
        return OfferList(offers=() if fault else tuple(one for one in OFFERS if one.id not in held))

    def create(self, offer: Offer, spec: LaunchSpec) -> CreateResult:
        self.touch()
        self.asked.append(spec.label)
        fault = self._fault("create")
        refusals: dict[str, CreateResult] = {
            "lost and not made": Ambiguous("HTTP 502"),
            "busy": NoCapacity("HTTP 429", retry_after_s=10),
            "gone": Gone("HTTP 410"),
            "denied": Denied("no credit"),
        }
        if fault in refusals:
            return refusals[fault]
        contract = self._make(offer, spec, late_s=LATE_S if fault == "lost and made late" else 0)
        if fault == "broken":
            contract.status = Status.STOPPED
            return CreatedBroken(contract.id, "the bid was too low")
        return Ambiguous("no answer") if fault else Created(contract.id)

    def snapshot(self, *, now: datetime) -> Snapshot:
        self.touch()
        rows = tuple(self._listed(one) for one in self.alive)
        self._past.append((self.clock(), rows))
        fault = self._fault("list")
        if fault == "fails":
            return Snapshot(at=now, complete=False, problem="HTTP 503")
        if fault == "shows half and says so":
            return Snapshot(at=now, complete=False, instances=rows[::2], problem="a page is missing")
        shown = {"shows none": (), "hides the oldest": rows[1:], "lags": self._earlier()}
        return Snapshot(at=now, complete=True, instances=shown.get(fault, rows))

    def destroy(self, provider_instance_id: str) -> DestroyResult:
        self.touch()
        fault = self._fault("destroy")
        if fault == "refused":
            return Pending("HTTP 503")
        if fault != "lies":
            self._end(provider_instance_id)
        return Pending("no answer") if fault == "lost and done" else Destroyed()

    def park(self, provider_instance_id: str) -> Outcome:
        return self._set(provider_instance_id, Status.STOPPED)

    def unpark(self, provider_instance_id: str) -> Outcome:
        return self._set(provider_instance_id, None)

    def _set(self, contract_id: str, status: Status | None) -> Outcome:
        self.touch()
        fault = self._fault("park")
        if fault == "refused":
            return Refused("HTTP 503")
        for one in self.alive:
            if one.id == contract_id and one.status is not Status.OFFLINE and not fault:
                one.status = status
        return Accepted()

    def _make(self, offer: Offer, spec: LaunchSpec, *, late_s: float) -> Contract:
        begun = self.clock() + late_s
        contract = Contract(
            id=str(len(self.contracts) + 1),
            offer=offer,
            label=spec.label,
            begun=begun,
            runs_from=begun + PULL_S,
            dud=self._fault("birth"),
        )
        self.contracts.append(contract)
        return contract

    def _end(self, contract_id: str) -> None:
        for one in self.alive:
            if one.id == contract_id:
                one.ended = self.clock()

    def _fault(self, kind: str) -> str:
        what, until = self._faults.get(kind, ("", 0.0))
        return what if self.clock() < until else ""

    def _earlier(self) -> tuple[Listed, ...]:
        """What a listing showed half a minute ago."""
        return next((rows for at, rows in reversed(self._past) if at <= self.clock() - LAG_S), ())

    def _listed(self, one: Contract) -> Listed:
        return Listed(
            provider_instance_id=one.id,
            label=one.label,
            status=one.status_at(self.clock()),
            gpu=one.offer.gpu,
            machine_id=one.offer.machine_id,
            usd_per_hour=one.offer.usd_per_hour,
            created_at=self.epoch + timedelta(seconds=one.begun),
        )
