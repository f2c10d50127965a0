"""Who holds a message on this worker, and when the lane will be free: what the gate in front of Redis asks."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

# What preparing a job whose checkpoint is loaded needs, with room for a slow line. It also bounds how long a job
# can wait behind a busy worker while another one is idle.
LEAD_S = 1.0


@dataclass
class _Lane:
    job_id: str
    free_at: float | None = None  # on the monotonic clock; None until the job knows


class Traffic:
    """The jobs between being taken from Redis and being acknowledged. Thread-safe."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._lock = threading.Lock()
        self._clock = clock
        self._held: set[str] = set()
        self._past_lane: set[str] = set()
        self._lane: _Lane | None = None
        self._closed = False

    @contextmanager
    def holding(self, job_id: str) -> Iterator[None]:
        """The job is in hand, from its message to its end."""
        with self._lock:
            self._held.add(job_id)
        try:
            yield
        finally:
            with self._lock:
                self._held.discard(job_id)
                self._past_lane.discard(job_id)

    @contextmanager
    def on_lane(self, job_id: str) -> Iterator[None]:
        """The job has the device."""
        with self._lock:
            self._lane = _Lane(job_id)
        try:
            yield
        finally:
            with self._lock:
                self._lane = None
                self._past_lane.add(job_id)

    def expect_free_in(self, seconds: float) -> None:
        """The job on the lane will need this long."""
        with self._lock:
            if self._lane is not None:
                self._lane.free_at = self._clock() + seconds

    def close(self) -> None:
        """Take nothing more: the worker is draining."""
        with self._lock:
            self._closed = True

    @property
    def jobs(self) -> tuple[str, ...]:
        """The jobs in hand."""
        with self._lock:
            return tuple(sorted(self._held))

    def may_take(self, unacknowledged: int) -> bool:
        """Whether to ask Redis for another message, with this many not acknowledged.

        A message that its thread has not opened yet, or a job that waits for the lane, closes the gate: the next
        message is better off with an idle worker.
        """
        with self._lock:
            if self._closed:
                return False
            on_lane = {self._lane.job_id} if self._lane else set()
            waiting = len(self._held - self._past_lane - on_lane)
            unopened = unacknowledged - len(self._held)
            return waiting == 0 and unopened <= 0 and self._is_free_soon()

    def _is_free_soon(self) -> bool:
        if self._lane is None:
            return True
        return self._lane.free_at is not None and self._lane.free_at - self._clock() <= LEAD_S
