"""This worker's place in Redis for uploaded files: what it asks the courier for, and what it finds there."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TypeVar

import structlog
from redis import Redis
from redis.exceptions import RedisError

from tasks import uploads
from tasks.publishing import BrokerUnavailable
from tasks.uploads import UploadWanted

log = structlog.get_logger()

_LISTEN_EVERY_S = 0.25

Answer = TypeVar("Answer")
Tick = Callable[[], None]  # called while waiting; what it raises ends the wait


@dataclass(frozen=True)
class Courtesy:
    """How long to wait: `answer_s` for the answer to each question; `attempts` in a row in vain end it."""

    answer_s: float = 30.0
    attempts: int = 4
    look_every_s: float = 0.1
    pause_s: float = 1.0
    clock: Callable[[], float] = field(default=time.monotonic, repr=False)
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)


class UploadPlace:
    """Thread-safe: whoever uses it takes a turn, as there is one place for all files."""

    def __init__(
        self, redis: Redis, ask: Callable[[UploadWanted], None], *, worker_id: str, courtesy: Courtesy | None = None
    ) -> None:
        self.courtesy = courtesy or Courtesy()
        self._redis = redis
        self._ask = ask
        self._worker_id = worker_id
        self._turn = threading.Lock()

    @contextmanager
    def turn(self, tick: Tick) -> Iterator[None]:
        """Nobody else of this process uses it meanwhile."""
        while not self._turn.acquire(timeout=_LISTEN_EVERY_S):
            tick()
        try:
            yield
        finally:
            self._turn.release()

    def asked(self, sha256: str, *, first: int = 0, count: int = 0) -> bool:
        """Ask for chunks, of none for the size; False, after a pause, where Redis is away."""
        try:
            self._ask(UploadWanted(worker_id=self._worker_id, sha256=sha256, first=first, count=count))
        except BrokerUnavailable as error:
            log.warning("upload cannot be asked for", sha256=sha256, error=str(error))
            self.courtesy.sleep(self.courtesy.pause_s)
            return False
        return True

    def size(self, sha256: str, tick: Tick) -> int | None:
        """Bytes of the file, 0 where it is not kept any more; None where no answer comes."""
        return self._answer(lambda: uploads.size_of(self._redis, self._worker_id, sha256), tick)

    def chunk(self, sha256: str, number: int, tick: Tick) -> bytes | None:
        """One chunk; None where it does not come."""
        return self._answer(lambda: uploads.chunk_of(self._redis, self._worker_id, sha256, number), tick)

    def clear(self) -> None:
        """All is read; what cannot be cleared vanishes by itself."""
        with suppress(RedisError):
            uploads.give_back(self._redis, self._worker_id)

    def _answer(self, look: Callable[[], Answer | None], tick: Tick) -> Answer | None:
        until = self.courtesy.clock() + self.courtesy.answer_s
        while self.courtesy.clock() < until:
            try:
                found = look()
            except RedisError as error:
                log.warning("upload cannot be read", error=repr(error))
                self.courtesy.sleep(self.courtesy.pause_s)
                return None
            if found is not None:
                return found
            tick()
            self.courtesy.sleep(self.courtesy.look_every_s)
        return None
