"""Progress of long work: a bar on a terminal, plain lines with losses otherwise, and a log for the report."""

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


class Track:
    """Counts the steps of one stage and remembers the mean losses of each stretch in a JSON-lines file."""

    def __init__(self, stage: str, path: Path, *, total: int, every: int = 50) -> None:
        self._stage, self._path, self._total, self._every = stage, path, total, every
        self._sums: dict[str, float] = {}
        self._count = 0
        self._since_s = time.monotonic()
        columns = (
            TextColumn(stage),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
        )
        self._bar = Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty())
        self._task = self._bar.add_task(stage, total=total, note="")

    def steps(self, start: int) -> Iterator[int]:
        """The steps from `start` to the end, shown as they pass."""
        self._bar.start()
        try:
            for step in range(start, self._total):
                yield step
                self._bar.update(self._task, completed=step + 1)
        finally:
            self._bar.stop()

    def losses(self, step: int, **values: float) -> None:
        """Add a step's losses; every so often write their means."""
        for name, value in values.items():
            self._sums[name] = self._sums.get(name, 0.0) + value
        self._count += 1
        if (step + 1) % self._every and step + 1 != self._total:
            return
        self._write(step + 1)

    def _write(self, step: int) -> None:
        means = {name: round(total / self._count, 5) for name, total in self._sums.items()}
        seconds = round(time.monotonic() - self._since_s, 1)
        with self._path.open("a", encoding="utf-8") as log:
            log.write(json.dumps({"step": step, "seconds": seconds, **means}) + "\n")
        note = " ".join(f"{name} {value:.4f}" for name, value in means.items())
        self._bar.update(self._task, note=note)
        if not sys.stderr.isatty():
            sys.stderr.write(f"{self._stage} {step}/{self._total} {note} ({seconds} s)\n")
            sys.stderr.flush()
        self._sums, self._count, self._since_s = {}, 0, time.monotonic()
