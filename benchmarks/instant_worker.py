"""A GPU worker that draws in no time, to measure what the control plane alone can carry. Not part of the product."""

import io
import sys
import threading
import time
from datetime import UTC, datetime
from typing import Any

from celery import Celery
from PIL import Image
from redis import Redis

from tasks import blobs, keys, routing
from tasks.app import make_app
from tasks.publishing import Publisher
from tasks.schema import Claimed, Heartbeat, Rendered, RenderTask, Timings, WorkerState

WORKER_ID = "instant"


def png(width: int, height: int) -> bytes:
    """One grey picture as PNG."""
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), "grey").save(buffer, "PNG")
    return buffer.getvalue()


def build(broker_url: str, checkpoint: str) -> Celery:
    """A Celery app whose `gpu_worker.render` hands over grey pictures at once."""
    redis = Redis.from_url(broker_url)
    app = make_app(broker_url, client_name=WORKER_ID, queues=[routing.gpu_queue(checkpoint)])
    app.conf.broker_transport_options |= {
        "unacked_key": keys.unacked(WORKER_ID),
        "unacked_index_key": keys.unacked_index(WORKER_ID),
        "unacked_mutex_key": keys.unacked_mutex(WORKER_ID),
    }
    publisher = Publisher(app, redis)
    threading.Thread(target=_beat, args=(redis, checkpoint), daemon=True).start()

    @app.task(name=routing.RENDER)  # type: ignore[untyped-decorator]
    def render(payload: dict[str, Any]) -> None:
        task = RenderTask.read(payload)
        now = datetime.now(UTC)
        claim = Claimed(job_id=task.job_id, epoch=task.epoch, worker_id=WORKER_ID, at=now)
        publisher.control(routing.CLAIMED, claim, job_id=task.job_id)
        publisher.control(routing.RENDERED, _result(redis, task), job_id=task.job_id)

    return app


def _result(redis: Redis, task: RenderTask) -> Rendered:
    size = (task.spec.width, task.spec.height)
    images = tuple(
        blobs.put(redis, task.job_id, number, epoch=task.epoch, data=png(*size), seed=seed, size=size)
        for number, seed in enumerate(task.spec.seeds)
    )
    return Rendered(
        job_id=task.job_id,
        epoch=task.epoch,
        worker_id=WORKER_ID,
        images=images,
        timings=Timings(sample_s=0.001),
        at=datetime.now(UTC),
    )


def _beat(redis: Redis, checkpoint: str) -> None:
    started = datetime.now(UTC)
    while True:
        now = datetime.now(UTC)
        beat = Heartbeat(worker_id=WORKER_ID, state=WorkerState.IDLE, since=started, at=now, loaded=(checkpoint,))
        redis.set(keys.heartbeat(WORKER_ID), beat.write(), px=keys.HEARTBEAT_TTL)
        time.sleep(keys.HEARTBEAT_EVERY.total_seconds())


if __name__ == "__main__":
    build(sys.argv[1], sys.argv[2]).worker_main(
        ["worker", "--pool=threads", "--concurrency=1", "--without-gossip", "--without-mingle", "--loglevel=WARNING"]
    )
