"""What the worker tells the courier, and the pictures it leaves for it. A Redis that restarts is waited for."""

import time
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TypeVar

import structlog
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from tasks import blobs, routing
from tasks.errors import JobError
from tasks.publishing import BrokerUnavailable, Publisher
from tasks.schema import BlobRef, Claimed, Failed, Failure, Rendered, Timings

log = structlog.get_logger()

PAUSES_S = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)
_OUTAGES = (BrokerUnavailable, RedisConnectionError, RedisTimeoutError)
_Answer = TypeVar("_Answer")


class Handover:
    """One worker's side of the messages on queue `control`."""

    def __init__(
        self,
        publisher: Publisher,
        redis: Redis,
        *,
        worker_id: str,
        now: Callable[[], datetime],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._publisher = publisher
        self._redis = redis
        self._worker_id = worker_id
        self._now = now
        self._sleep = sleep

    def claimed(self, job_id: str, *, epoch: int) -> None:
        """We hold the lease and begin."""
        message = Claimed(job_id=job_id, epoch=epoch, worker_id=self._worker_id, at=self._now())
        self._patiently(lambda: self._publisher.control(routing.CLAIMED, message, job_id=job_id))

    def store(self, job_id: str, number: int, *, epoch: int, png: bytes, seed: int, size: tuple[int, int]) -> BlobRef:
        """Put one encoded picture where the courier finds it."""
        return self._patiently(
            lambda: blobs.put(self._redis, job_id, number, epoch=epoch, data=png, seed=seed, size=size)
        )

    def rendered(
        self,
        job_id: str,
        *,
        epoch: int,
        images: Iterable[BlobRef],
        timings: Timings,
        maps: Iterable[BlobRef] = (),
        remarks: Iterable[str] = (),
    ) -> None:
        """The pictures are there, and the maps that they followed."""
        message = Rendered(
            job_id=job_id,
            epoch=epoch,
            worker_id=self._worker_id,
            images=tuple(images),
            timings=timings,
            maps=tuple(maps),
            remarks=tuple(remarks),
            at=self._now(),
        )
        self._patiently(lambda: self._publisher.control(routing.RENDERED, message, job_id=job_id))

    def failed(self, job_id: str, *, epoch: int, error: JobError) -> None:
        """There will be no picture from this attempt."""
        message = Failed(
            job_id=job_id, epoch=epoch, worker_id=self._worker_id, failure=Failure.of(error), at=self._now()
        )
        self._patiently(lambda: self._publisher.control(routing.FAILED, message, job_id=job_id))

    def _patiently(self, send: Callable[[], _Answer]) -> _Answer:
        """A second copy of a message is harmless; a picture that took a minute to draw is worth 15 s of waiting."""
        for pause_s in PAUSES_S:
            try:
                return send()
            except _OUTAGES as error:
                log.warning("redis did not answer, trying again", error=type(error).__name__, in_s=pause_s)
                self._sleep(pause_s)
        return send()
