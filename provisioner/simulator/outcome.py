"""What a run cost and how long people waited; over seeds as a mean with its confidence interval."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import fmean, stdev

# Student's t, two-sided 95 %, by degrees of freedom; beyond the table the normal distribution is near enough.
_T95 = (
    12.71,
    4.30,
    3.18,
    2.78,
    2.57,
    2.45,
    2.36,
    2.31,
    2.26,
    2.23,
    2.20,
    2.18,
    2.16,
    2.14,
    2.13,
    2.12,
    2.11,
    2.10,
    2.09,
)
_Z95 = 2.0
_QUICK_S = 10.0


@dataclass
class Outcome:
    """One run. Waits in seconds from a job's arrival to its start, in order of starting; money in US dollars."""

    name: str
    images: int
    waits: list[float] = field(default_factory=list)
    boots: list[float] = field(default_factory=list)
    gpu_usd: float = 0.0
    disk_usd: float = 0.0
    launch_usd: float = 0.0
    launches: int = 0
    parks: int = 0
    wakes: int = 0
    span_s: float = 0.0

    @property
    def usd(self) -> float:
        """The whole bill."""
        return self.gpu_usd + self.disk_usd + self.launch_usd

    def figures(self) -> dict[str, float]:
        """What the tables show, by name."""
        waits = sorted(self.waits)
        return {
            "usd_per_1000": 1000 * self.usd / self.images,
            "mean_s": fmean(waits),
            "p50_s": quantile(waits, 0.5),
            "p95_s": quantile(waits, 0.95),
            "p99_s": quantile(waits, 0.99),
            "max_s": waits[-1],
            "quick_share": sum(wait <= _QUICK_S for wait in waits) / len(waits),
            "launches": float(self.launches),
            "wakes": float(self.wakes),
        }


@dataclass(frozen=True)
class Interval:
    """A mean over seeds and the half width of its 95 % confidence interval; nan from a single seed."""

    mean: float
    half_width: float

    def __str__(self) -> str:
        digits = 2 if abs(self.mean) < 10 else 0  # noqa: PLR2004 - three figures are enough
        spread = "" if math.isnan(self.half_width) else f" ±{self.half_width:.{digits}f}"
        return f"{self.mean:.{digits}f}{spread}"


def quantile(ordered: Sequence[float], share: float) -> float:
    """The smallest value that `share` of all do not exceed."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def interval(values: Sequence[float]) -> Interval:
    """Student's 95 % interval."""
    if len(values) == 1:
        return Interval(values[0], math.nan)
    freedom = len(values) - 1
    t = _T95[freedom - 1] if freedom <= len(_T95) else _Z95
    return Interval(fmean(values), t * stdev(values) / math.sqrt(len(values)))


def over_seeds(outcomes: Sequence[Outcome]) -> dict[str, Interval]:
    """Each figure as an interval over the runs."""
    figures = [outcome.figures() for outcome in outcomes]
    return {name: interval([one[name] for one in figures]) for name in figures[0]}
