"""One rented contract: its history, what is due next, what it has cost. Pure: `now` is passed, no I/O."""

import hashlib
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sandbox.vast.billing import Bill, Segment, bill, billing_ended_at, storage_usd_per_hour
from sandbox.vast.market import Offer
from sandbox.vast.orders import Order
from sandbox.vast.phases import EDGES, HOLDS_GPU, Event, Phase

REFERENCE_MBPS = 500.0  # a host of this speed boots in exactly boot_s
NEVER = timedelta(days=36_500)
MEGABITS_PER_GB = 8_000.0


@dataclass(frozen=True)
class Timing:
    """Seconds that a contract stays in each passing phase."""

    accept_s: float
    create_s: float
    pull_s: float
    resume_s: float
    restart_s: float


def timing_for(inet_down: float, *, image_gb: float, boot_s: float | None) -> Timing:
    """How long this host needs.

    `boot_s` None means the real time of `image_gb` at `inet_down` Mbps; otherwise the whole boot takes boot_s
    at 500 Mbps, and on other hosts down to half and up to twice of that.
    """
    if boot_s is None:
        return Timing(5.0, 5.0, image_gb * MEGABITS_PER_GB / inet_down, 15.0, 5.0)
    total = boot_s * min(2.0, max(0.5, REFERENCE_MBPS / inet_down))
    return Timing(total * 0.1, total * 0.1, total * 0.8, boot_s * 0.4, boot_s * 0.2)


@dataclass
class Flaws:
    """What will go wrong with this instance, decided when it is created (see faults.py)."""

    stuck_loading: bool = False
    slow_factor: float = 1.0
    oci_error: str | None = None
    exits_at_start: bool = False
    no_process: bool = False
    vanish_after_s: float | None = None
    outbid_after_s: float | None = None
    null_start_date: bool = False
    null_extra_env: bool = False


@dataclass
class Instance:
    """A contract from creation to destroy; `segments` is its whole history, oldest first."""

    instance_id: int
    key: str
    offer: Offer
    order: Order
    timing: Timing
    image_gb: float
    created_at: datetime
    label: str | None = None
    flaws: Flaws = field(default_factory=Flaws)
    gpu_usd_per_hour: float = 0.0
    status_msg: str | None = None
    image_cached: bool = False
    resume_stuck: bool = False
    waiting_for_gpu: bool = False
    pid: int | None = None
    exit_code: int | None = None
    segments: list[Segment] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.segments:
            self._enter(Phase.ORDERED, self.created_at)

    @property
    def phase(self) -> Phase:
        return self.segments[-1].phase

    @property
    def since(self) -> datetime:
        return self.segments[-1].start_at

    @property
    def jupyter_token(self) -> str:
        return hashlib.sha256(self.key.encode()).hexdigest()[:32]

    @property
    def is_bid(self) -> bool:
        return self.order.price is not None

    @property
    def is_gone(self) -> bool:
        return self.phase is Phase.DESTROYED

    @property
    def storage_usd_per_hour(self) -> float:
        return storage_usd_per_hour(self.offer.stand.storage_cost, self.order.disk_gb)

    @property
    def dph_total(self) -> float:
        return self.gpu_usd_per_hour + self.storage_usd_per_hour

    @property
    def started_at(self) -> datetime | None:
        """When it last got to running, None if it is not."""
        return self.since if self.phase is Phase.RUNNING else None

    @property
    def billing_ended_at(self) -> datetime | None:
        return billing_ended_at(self.segments)

    def bill(self, until: datetime) -> Bill:
        return bill(self.segments, until)

    def phase_at(self, moment: datetime) -> Phase | None:
        """The phase at a moment in the past, None before the contract was made."""
        past = [segment.phase for segment in self.segments if segment.start_at <= moment]
        return past[-1] if past else None

    def apply(self, event: Event, at: datetime, msg: str | None = None) -> bool:
        """Follow the edge for `event`; False (and nothing changed) where there is none."""
        following = EDGES.get((self.phase, event))
        if following is None:
            return False
        if event is Event.CONTAINER_STARTED:
            self.image_cached = True
        if event is Event.START:
            self.waiting_for_gpu = False
        self.status_msg = msg
        self._enter(following, max(at, self.since))
        return True

    def reprice(self, gpu_usd_per_hour: float, at: datetime) -> None:
        """A new bid: the same phase goes on at another price."""
        self.gpu_usd_per_hour = gpu_usd_per_hour
        old, at = self.segments[-1], max(at, self.since)
        paid = bill([old], at).bandwidth_usd
        rest = replace(old, start_at=at, gpu_usd_per_hour=gpu_usd_per_hour, pull_usd=max(0.0, old.pull_usd - paid))
        self.segments.append(rest)

    def due(self) -> tuple[Event, datetime] | None:
        """What happens next by itself, and when; None where nothing will."""
        timed = self._timed()
        if timed is None:
            return None
        event, after = timed
        return event, self._phase_start() + after

    @property
    def pull_s(self) -> float:
        if self.image_cached:
            return self.timing.restart_s
        return self.timing.pull_s * self.flaws.slow_factor

    def _timed(self) -> tuple[Event, timedelta] | None:
        """What happens in this phase by itself, and how long after it began."""
        if self.phase is Phase.RUNNING:
            return self._misfortune()
        steps = {
            Phase.ORDERED: (Event.HOST_ACCEPTED, self.timing.accept_s, False),
            Phase.CREATED: (Event.PULL_STARTED, self.timing.create_s, False),
            Phase.LOADING: (Event.CONTAINER_STARTED, self.pull_s, self.flaws.stuck_loading),
            Phase.REBOOTING: (Event.CONTAINER_STARTED, self.timing.restart_s, False),
            Phase.RESUMING: (Event.GPU_GRANTED, self.timing.resume_s, self.resume_stuck),
        }
        if self.phase not in steps:
            return None
        event, seconds, stuck = steps[self.phase]
        return event, NEVER if stuck else timedelta(seconds=seconds)

    def _misfortune(self) -> tuple[Event, timedelta] | None:
        if self.flaws.vanish_after_s is not None:
            return Event.HOST_OFFLINE, timedelta(seconds=self.flaws.vanish_after_s)
        if self.flaws.outbid_after_s is not None and self.is_bid:
            return Event.OUTBID, timedelta(seconds=self.flaws.outbid_after_s)
        return None

    def _phase_start(self) -> datetime:
        """When the present phase began, new prices within it left aside."""
        start = self.since
        for segment in reversed(self.segments):
            if segment.phase is not self.phase:
                break
            start = segment.start_at
        return start

    def _enter(self, phase: Phase, at: datetime) -> None:
        pulling = phase is Phase.LOADING and not self.image_cached
        self.segments.append(
            Segment(
                phase,
                at,
                self.gpu_usd_per_hour,
                self.storage_usd_per_hour,
                self.image_gb * self.offer.stand.inet_cost if pulling else 0.0,
                float(NEVER.total_seconds()) if self.flaws.stuck_loading else self.pull_s,
            )
        )

    @property
    def holds_gpu(self) -> bool:
        return self.phase in HOLDS_GPU
