"""The side thread of a running job: renews its lease, looks for a cancellation, publishes its progress."""

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

import structlog
from redis import Redis
from redis.exceptions import RedisError

from gpu_worker import claims
from gpu_worker.interruption import Interruption
from gpu_worker.progress import ProgressReport
from tasks import keys
from tasks.leases import Lease

log = structlog.get_logger()

TICK_S = 0.25


class JobWatch:
    """Runs while a job does, as a context manager. All its Redis traffic is off the device's thread."""

    def __init__(
        self,
        redis: Redis,
        job_id: str,
        *,
        lease: Lease,
        progress: ProgressReport,
        interruption: Interruption,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._redis = redis
        self._job_id = job_id
        self._lease = lease
        self._progress = progress
        self._interruption = interruption
        self._clock = clock
        self._renewed = clock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"watch-{job_id}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            try:
                self._look()
            except RedisError as error:
                self._note_trouble(error)
            if self._over.wait(TICK_S):
                return

    def _look(self) -> None:
        self._renew_when_due()
        if claims.is_cancelled(self._redis, self._job_id):
            self._interruption.cancel()
        news = self._progress.due()
        if news is not None:
            self._redis.publish(keys.progress(self._job_id), news.write())

    def _renew_when_due(self) -> None:
        moment = self._clock()
        if moment - self._renewed < keys.LEASE_RENEWAL.total_seconds():
            return
        if not self._lease.renew():
            log.warning("lease lost")
            self._interruption.lose_lease()
        self._renewed = moment

    def _note_trouble(self, error: RedisError) -> None:
        """Without Redis the lease runs out by itself, and then the job is somebody else's."""
        if self._clock() - self._renewed >= keys.LEASE_TTL.total_seconds():
            log.warning("lease lost: no contact to redis", error=type(error).__name__)
            self._interruption.lose_lease()
