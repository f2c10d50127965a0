"""Figures as PNG, drawn without a screen."""

from pathlib import Path

from matplotlib.figure import Figure

from provisioner.spending import Report

_KINDS = (("GPU", "gpu_usd", "#4c72b0"), ("disk", "storage_usd", "#dd8452"), ("bandwidth", "bandwidth_usd", "#55a868"))
_UPRIGHT = 10  # more names than that would overlap


def cost_per_day(report: Report, path: Path) -> None:
    """US dollars per day in UTC, stacked by kind.

    Raises:
        OSError: the file cannot be written.
    """
    days = [f"{day:%m-%d}" for day, _ in report.days]
    figure = Figure(figsize=(max(6.0, 0.5 * len(days)), 4.0), layout="constrained")
    axes = figure.subplots()
    bottom = [0.0] * len(days)
    for name, field, colour in _KINDS:
        values = [getattr(cost, field) for _, cost in report.days]
        axes.bar(days, values, bottom=bottom, label=name, color=colour)
        bottom = [below + value for below, value in zip(bottom, values, strict=True)]
    axes.set_ylabel("US dollars per day (UTC)")
    axes.set_title(f"${report.total_usd:.2f} since {report.since:%Y-%m-%d}")
    axes.tick_params(axis="x", rotation=60 if len(days) > _UPRIGHT else 0)
    axes.legend()
    figure.savefig(path, format="png", dpi=120)
