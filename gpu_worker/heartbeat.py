"""Writes `worker:<id>` every few seconds and at each change of state. Its silence tells the fleet of a death."""

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog
from redis import Redis
from redis.exceptions import RedisError

from gpu_worker.renderer import DeviceState
from gpu_worker.status import WorkerStatus
from tasks import keys, life
from tasks.schema import Heartbeat, WorkerState

log = structlog.get_logger()


class HeartbeatWriter:
    """A thread of its own, so that neither a long step nor a long download delays the beat.

    `on_wanted` is called where somebody wants this machine: it draws, or the provisioner says so (`tasks.life`);
    `on_finish`, once, where the provisioner wants no further job taken.
    """

    def __init__(
        self,
        redis: Redis,
        worker_id: str,
        *,
        status: WorkerStatus,
        loaded: Callable[[], tuple[str, ...]],
        controlnets: Callable[[], tuple[str, ...]] = tuple,
        device: Callable[[], DeviceState],
        now: Callable[[], datetime],
        on_wanted: Callable[[], None],
        on_finish: Callable[[], None],
    ) -> None:
        self._redis = redis
        self._worker_id = worker_id
        self._status = status
        self._loaded = loaded
        self._controlnets = controlnets
        self._device = device
        self._now = now
        self._on_wanted = on_wanted
        self._on_finish = on_finish
        self._is_finishing = False
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        """Begin to beat."""
        self._thread.start()

    def stop(self) -> None:
        """Take the key away, so that the fleet need not wait for its TTL."""
        self._over.set()
        self._status.changed.set()
        self._thread.join(timeout=5)
        try:
            self._redis.delete(keys.heartbeat(self._worker_id))
        except RedisError:
            log.warning("heartbeat left behind: redis did not answer")

    def beat(self) -> None:
        """Write one heartbeat."""
        device = self._device()
        facts: dict[str, Any] = self._status.facts()
        heartbeat = Heartbeat(
            worker_id=self._worker_id,
            at=self._now(),
            loaded=self._loaded(),
            controlnets=self._controlnets(),
            device=device.name,
            memory_total_gb=round(device.memory_total_gb, 2),
            memory_used_gb=round(device.memory_used_gb, 2),
            **facts,
        )
        self._redis.set(keys.heartbeat(self._worker_id), heartbeat.write(), px=keys.HEARTBEAT_TTL)
        word = life.word(self._redis, self._worker_id)
        if heartbeat.state is WorkerState.BUSY or word is not None:
            self._on_wanted()
        if word is life.Word.FINISH and not self._is_finishing:
            self._is_finishing = True
            self._on_finish()

    def _run(self) -> None:
        while not self._over.is_set():
            self._status.changed.clear()
            try:
                self.beat()
            except RedisError as error:
                log.warning("heartbeat failed", error=type(error).__name__)
            self._status.changed.wait(keys.HEARTBEAT_EVERY.total_seconds())
