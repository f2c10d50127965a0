"""Where figures go: a table on the terminal and one JSON file per benchmark in `var/bench/`."""

import json
import platform
import statistics
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

DIRECTORY = Path("var/bench")


def spread(values: Sequence[float]) -> dict[str, float]:
    """Minimum, median, 99th percentile (nearest rank) and maximum of some samples."""
    ordered = sorted(values)
    rank = max(0, -(-99 * len(ordered) // 100) - 1)
    return {
        "min": ordered[0],
        "p50": statistics.median(ordered),
        "p99": ordered[rank],
        "max": ordered[-1],
    }


def report(name: str, figures: Mapping[str, float], *, note: str) -> None:
    """Print and store the figures of one benchmark; units belong into the figures' names."""
    table = Table(title=name, title_justify="left")
    table.add_column("figure")
    table.add_column("value", justify="right")
    for key, value in figures.items():
        table.add_row(key, f"{value:.4g}")
    console = Console(width=110, highlight=False)
    console.print(table)
    console.print(note, style="dim")
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    record = {
        "benchmark": name,
        "at": datetime.now(UTC).isoformat(),
        "machine": platform.processor() or platform.machine(),
        "python": platform.python_version(),
        "note": note,
        "figures": dict(figures),
    }
    (DIRECTORY / f"{name}.json").write_text(json.dumps(record, indent=2) + "\n")
