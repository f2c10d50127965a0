"""Since when something has been so, by our own clock. Forgotten with the process, which only delays decisions. Pure."""

from collections.abc import Iterable
from datetime import datetime


class Since:
    """Remembers for each key the first of its uninterrupted sightings."""

    def __init__(self) -> None:
        self._first: dict[str, datetime] = {}

    def saw(self, present: Iterable[str], *, now: datetime, complete: bool = True) -> None:
        """These keys are there now; and no others, where we saw everything."""
        first = {key: self._first.get(key, now) for key in present}
        self._first = first if complete else self._first | first

    def seconds(self, key: str, *, now: datetime) -> float:
        """How long the key has been there without interruption; 0 where it is not."""
        first = self._first.get(key)
        return 0.0 if first is None else max(0.0, (now - first).total_seconds())
