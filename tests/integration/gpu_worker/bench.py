"""A worker's parts in this process: real Redis, real Celery messages, real diffusers."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from gpu_worker.celery_app import make_worker_app
from gpu_worker.handover import Handover
from gpu_worker.lane import Lane
from gpu_worker.run_job import run_job
from gpu_worker.status import WorkerStatus
from gpu_worker.traffic import Traffic
from gpu_worker.watchdog import Watchdog
from gpu_worker.weights.fetcher import WeightsFetcher
from gpu_worker.workshop import Workshop
from tasks import keys
from tasks.publishing import Publisher
from tasks.schema import CheckpointRef, JobSpec, RenderTask, TextToImageSpec
from tests.integration.gpu_worker.control_queue import kinds, told
from tests.specs import tiny_spec

JOB = "01JOB"


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(scope="module")
def lane() -> Lane:
    from gpu_worker.diffusers_renderer import make_renderer  # noqa: PLC0415

    started = Lane(make_renderer)
    started.start()
    return started


@dataclass
class Bench:
    """A worker's parts, and how to send it a job."""

    shop: Workshop
    redis: Redis
    faults: list[str]
    ref: CheckpointRef

    def spec(self, **changes: Any) -> TextToImageSpec:
        return tiny_spec(**({"checkpoint": self.ref} | changes))

    def run(self, spec: JobSpec | None = None, *, epoch: int = 1, job_id: str = JOB, **changes: Any) -> None:
        task = RenderTask(job_id=job_id, epoch=epoch, spec=spec or self.spec(), enqueued_at=now()).payload()
        task["spec"].update(changes)
        self.redis.set(keys.epoch(job_id), epoch)
        run_job(task, self.shop)

    def failure(self, job_id: str = JOB) -> Any:
        assert kinds(self.redis, job_id) == ["claimed", "failed"]
        return told(self.redis, job_id)[-1].message.failure

    def next_job_is_fine(self) -> None:
        self.run(job_id="NEXT")
        assert kinds(self.redis, "NEXT") == ["claimed", "rendered"]


@pytest.fixture
def bench(redis: Redis, redis_url: str, lane: Lane, tiny_ref: CheckpointRef, tmp_path: Path) -> Bench:
    faults: list[str] = []
    app = make_worker_app(redis_url, worker_id="w1", checkpoints=["tiny-sdxl"])
    shop = Workshop(
        worker_id="w1",
        redis=redis,
        fetcher=WeightsFetcher(tmp_path),
        lane=lane,
        handover=Handover(Publisher(app, redis), redis, worker_id="w1", now=now),
        traffic=Traffic(),
        status=WorkerStatus(now=now),
        watchdog=Watchdog(lambda _seconds: None),
        now=now,
        on_device_fault=lambda: faults.append("device"),
    )
    return Bench(shop, redis, faults, tiny_ref)
