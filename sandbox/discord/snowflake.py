"""Discord's ids: milliseconds since 2015 in the upper 42 bits, a counter in the lowest 12.

Source: https://discord.com/developers/docs/reference#snowflakes
"""

from datetime import datetime

from sandbox.discord.clock import Clock

DISCORD_EPOCH_MS = 1_420_070_400_000
_COUNTER_BITS = 12
_TIMESTAMP_SHIFT = 22


class Snowflakes:
    """Hands out ids that only grow, also within one millisecond and under a clock that stands still."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last_ms = 0
        self._counter = 0

    def next(self) -> str:
        now_ms = int(self._clock.now().timestamp() * 1000) - DISCORD_EPOCH_MS
        if now_ms > self._last_ms:
            self._last_ms, self._counter = now_ms, 0
        else:
            self._counter += 1
        if self._counter >> _COUNTER_BITS:
            self._last_ms, self._counter = self._last_ms + 1, 0
        return str(self._last_ms << _TIMESTAMP_SHIFT | self._counter)


def snowflake_at(moment: datetime) -> str:
    """The smallest id of this moment."""
    return str(int(moment.timestamp() * 1000) - DISCORD_EPOCH_MS << _TIMESTAMP_SHIFT)
