"""Time from a message in the queue to a worker that holds the lease, on an idle worker with the model loaded."""

import time
from datetime import UTC, datetime

from benchmarks.real_worker import CONFIG, RealWorker, idle_worker
from benchmarks.results import report, spread
from config.loading import load_registry
from tasks import routing
from tasks.app import make_app
from tasks.publishing import Publisher
from tasks.schema import CheckpointRef, Claimed, TextToImageSpec

CHECKPOINT = "tiny-sdxl"
JOBS = 30


def main() -> None:
    """One job at a time; the pause between two lets the worker become idle again."""
    with idle_worker() as worker:
        waits = _measure(worker)
    figures = {f"{key}_ms": value * 1000 for key, value in spread(waits).items()}
    report("enqueue_to_start", figures, note=f"{JOBS} jobs, one at a time, on an idle worker; aim: p50 at most 50 ms")


def _measure(worker: RealWorker) -> list[float]:
    app = make_app(worker.url, client_name="bench-view", queues=[routing.CONTROL])
    publisher = Publisher(app, worker.redis)
    spec = _spec()
    waits = []
    with app.connection_for_read() as connection:
        inbox = connection.SimpleQueue(routing.CONTROL, no_ack=True)
        for number in range(JOBS):
            enqueued_at = datetime.now(UTC)
            publisher.render(f"BENCH{number:04}", epoch=1, spec=spec, priority=0, now=enqueued_at)
            claimed = Claimed.read(inbox.get(timeout=60).payload[0][0])
            inbox.get(timeout=60)  # the result
            waits.append((claimed.at - enqueued_at).total_seconds())
            time.sleep(0.3)
    return waits


def _spec() -> TextToImageSpec:
    entry = load_registry(CONFIG).checkpoints[CHECKPOINT]
    return TextToImageSpec(
        checkpoint=CheckpointRef.of(entry),
        prompt="a red star",
        width=64,
        height=64,
        num_inference_steps=1,
        guidance_scale=1.0,
        sampler="euler",
        seeds=(1,),
    )
