"""What running a job needs, put together once by the worker."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from redis import Redis

from gpu_worker.handover import Handover
from gpu_worker.interruption import Interruption
from gpu_worker.lane import Lane
from gpu_worker.materials import Companions, Listener
from gpu_worker.renderer import CheckpointFiles
from gpu_worker.status import WorkerStatus
from gpu_worker.traffic import Traffic
from gpu_worker.watchdog import Watchdog
from tasks.schema import CheckpointRef, SignedLink


class Fetcher(Companions, Protocol):
    """Brings a checkpoint's files, and those of its companions, to this machine."""

    def learn(self, links: Iterable[SignedLink]) -> None: ...

    def checkpoint(self, ref: CheckpointRef, *, listen: Listener = ..., is_ahead: bool = False) -> CheckpointFiles: ...


@dataclass(frozen=True)
class Workshop:
    """The parts of one worker. `on_device_fault` is told when only a new process can help."""

    worker_id: str
    redis: Redis
    fetcher: Fetcher
    lane: Lane
    handover: Handover
    traffic: Traffic
    status: WorkerStatus
    watchdog: Watchdog
    now: Callable[[], datetime]
    on_device_fault: Callable[[], None]
    _running: set[Interruption] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def interruptible(self) -> Iterator[Interruption]:
        """A stop sign for one job, which `interrupt_all` also reaches."""
        interruption = Interruption()
        with self._lock:
            self._running.add(interruption)
        try:
            yield interruption
        finally:
            with self._lock:
                self._running.discard(interruption)

    def interrupt_all(self) -> None:
        """The worker ends now: every running job stops at its next step."""
        with self._lock:
            running = list(self._running)
        for interruption in running:
            interruption.shut_down()
