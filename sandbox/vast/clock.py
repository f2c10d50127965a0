"""The sandbox's time: a passed clock that can be pushed forward by the control API."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


class SandboxClock:
    """Gives aware UTC datetimes; `advance` moves boots, billing and rate limits, not running processes."""

    def __init__(self, base: Clock = utc_now) -> None:
        self._base = base
        self._shift = timedelta()

    def now(self) -> datetime:
        return self._base() + self._shift

    def advance(self, seconds: float) -> datetime:
        """Move forward by `seconds` (never backward: billing history is in order)."""
        if seconds < 0:
            raise ValueError(f"advance_s must be 0 or more, got {seconds}: sandbox time never runs backward")
        self._shift += timedelta(seconds=seconds)
        return self.now()
