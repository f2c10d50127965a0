"""Cost against waiting, as a picture: down and left is better."""

import math
from collections.abc import Mapping
from pathlib import Path

from matplotlib.figure import Figure

from provisioner.simulator.outcome import Interval


def frontier(found: Mapping[str, Mapping[str, Interval]], path: Path) -> None:
    """Write a PNG with one point per rule, its intervals as bars."""
    figure = Figure(figsize=(9, 6), layout="constrained")
    axes = figure.subplots()
    for name, figures in found.items():
        cost, wait = figures["usd_per_1000"], figures["p95_s"]
        mark = "o" if name.startswith("Easel") else "x"
        axes.errorbar(cost.mean, wait.mean, xerr=_bar(cost), yerr=_bar(wait), fmt=mark)
        axes.annotate(name, (cost.mean, wait.mean), textcoords="offset points", xytext=(6, 4), fontsize=8)
    axes.set_xlabel("US dollars per 1000 pictures")
    axes.set_ylabel("95th percentile of the wait, seconds")
    axes.set_yscale("log")
    figure.savefig(path, format="png", dpi=120)


def _bar(value: Interval) -> float | None:
    """A single seed has no interval."""
    return None if math.isnan(value.half_width) else value.half_width
