"""Where the seconds of a job go."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from tasks.schema import Timings


class Stopwatch:
    """Measures stretches by the names of `Timings`' fields."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}

    @contextmanager
    def measure(self, name: str) -> Iterator[None]:
        """Seconds of the block, added to `name`."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self._seconds[name] = self._seconds.get(name, 0.0) + time.perf_counter() - start

    def timings(self) -> Timings:
        """What was measured, for the hand-over."""
        return Timings(**self._seconds)

    def rounded(self) -> dict[str, float]:
        """The same for a log line."""
        return {name: round(seconds, 3) for name, seconds in self._seconds.items()}
