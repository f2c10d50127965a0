"""Waits for the next pass: a new job on `fleet:wake`, the time, or the end of the process."""

import time
from threading import Event

import structlog
from redis import Redis
from redis.client import PubSub
from redis.exceptions import RedisError

from tasks import keys

log = structlog.get_logger()

_SLICE_S = 0.5
# Between two passes at least, however many jobs arrive: clouds allow a listing per second.
_BREATH_S = 1.0


class WakeChannel:
    """Listens on Redis; where that is away, time alone wakes the loop."""

    def __init__(self, redis: Redis, *, over: Event) -> None:
        self._redis = redis
        self._over = over
        self._channel: PubSub | None = None

    @property
    def is_over(self) -> bool:
        """True once the process shall end."""
        return self._over.is_set()

    def wait(self, seconds: float) -> None:
        """Return at the first news, after `seconds`, or half a second after the end was asked for."""
        begun = time.monotonic()
        while not self.is_over:
            left_s = begun + seconds - time.monotonic()
            if left_s <= 0 or self._heard(min(left_s, _SLICE_S)):
                break
        self._over.wait(max(0.0, begun + min(seconds, _BREATH_S) - time.monotonic()))
        while self._heard(0.0):
            pass  # one pass answers all that came meanwhile

    def _heard(self, seconds: float) -> bool:
        try:
            message = self._listening().get_message(ignore_subscribe_messages=True, timeout=seconds)
        except RedisError:
            self._close()
            self._over.wait(seconds)
            return False
        return message is not None

    def _close(self) -> None:
        if self._channel is not None:
            self._channel.close()
            self._channel = None

    def _listening(self) -> PubSub:
        if self._channel is None:
            channel: PubSub = self._redis.pubsub()  # type: ignore[no-untyped-call]
            channel.subscribe(keys.FLEET_WAKE)
            self._channel = channel
        return self._channel
