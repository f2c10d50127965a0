"""What an instance has cost, as a pure function of its history.

GPU per second only while the container runs, storage every second while the host is online, the image's
bytes as they come in; nothing while the host is offline and nothing after destroy.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sandbox.vast.phases import GPU_BILLED, NOT_BILLED, Phase

HOURS_PER_MONTH = 730.0
S_PER_HOUR = 3600.0


@dataclass(frozen=True)
class Segment:
    """From `start_at` on, the contract was in `phase` at these prices (until the next segment)."""

    phase: Phase
    start_at: datetime
    gpu_usd_per_hour: float
    storage_usd_per_hour: float
    pull_usd: float = 0.0  # bandwidth fee of the whole image, charged evenly over pull_s
    pull_s: float = 0.0


@dataclass(frozen=True)
class Bill:
    """US dollars by kind, and the seconds for which a GPU was charged."""

    gpu_usd: float = 0.0
    storage_usd: float = 0.0
    bandwidth_usd: float = 0.0
    gpu_s: float = 0.0
    storage_s: float = 0.0

    @property
    def total_usd(self) -> float:
        return self.gpu_usd + self.storage_usd + self.bandwidth_usd

    def __add__(self, other: "Bill") -> "Bill":
        return Bill(
            self.gpu_usd + other.gpu_usd,
            self.storage_usd + other.storage_usd,
            self.bandwidth_usd + other.bandwidth_usd,
            self.gpu_s + other.gpu_s,
            self.storage_s + other.storage_s,
        )

    def __sub__(self, other: "Bill") -> "Bill":
        return Bill(
            self.gpu_usd - other.gpu_usd,
            self.storage_usd - other.storage_usd,
            self.bandwidth_usd - other.bandwidth_usd,
            self.gpu_s - other.gpu_s,
            self.storage_s - other.storage_s,
        )


def bill(segments: Sequence[Segment], until: datetime) -> Bill:
    """Everything charged from the first segment up to `until`."""
    total = Bill()
    ends = [segment.start_at for segment in segments[1:]] + [until]
    for segment, end in zip(segments, ends, strict=True):
        seconds = (min(end, until) - segment.start_at).total_seconds()
        if seconds >= 0:
            total += _bill_segment(segment, seconds)
    return total


def burn_usd_per_s(segment: Segment) -> float:
    """What a contract costs per second in its present phase, bandwidth left out."""
    return _bill_segment(segment, 1.0).total_usd - _bandwidth(segment, 1.0)


def billing_ended_at(segments: Sequence[Segment]) -> datetime | None:
    """When the last charge was made for good, None while money still runs (or may run again)."""
    last = segments[-1]
    return last.start_at if last.phase is Phase.DESTROYED else None


def storage_usd_per_hour(usd_per_gb_month: float, disk_gb: float) -> float:
    return usd_per_gb_month * disk_gb / HOURS_PER_MONTH


def _bill_segment(segment: Segment, seconds: float) -> Bill:
    if segment.phase in NOT_BILLED:
        return Bill()
    gpu_s = seconds if segment.phase in GPU_BILLED else 0.0
    return Bill(
        gpu_usd=gpu_s * segment.gpu_usd_per_hour / S_PER_HOUR,
        storage_usd=seconds * segment.storage_usd_per_hour / S_PER_HOUR,
        bandwidth_usd=_bandwidth(segment, seconds),
        gpu_s=gpu_s,
        storage_s=seconds,
    )


def _bandwidth(segment: Segment, seconds: float) -> float:
    if segment.pull_s <= 0:
        return segment.pull_usd
    return segment.pull_usd * min(1.0, seconds / segment.pull_s)
