"""The sandbox's time: real time plus whatever a test or a script has skipped."""

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What the sandbox asks of time. `now` is aware UTC; `advance` skips seconds."""

    def now(self) -> datetime: ...

    def advance(self, seconds: float) -> None: ...


class ShiftedClock:
    """Real time that can be pushed forward."""

    def __init__(self) -> None:
        self._offset = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._offset

    def advance(self, seconds: float) -> None:
        if seconds < 0:
            raise ValueError(f"time only moves forward, not by {seconds} s")
        self._offset += timedelta(seconds=seconds)
