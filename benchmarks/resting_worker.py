"""A GPU worker of ours whose device rests: sampling is a pause of so many seconds, all else is the product's.

So the processor is free while the "card" works, as it is with a real one. Not part of the product.
"""

import random
import sys
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from redis import Redis

from config.registry import Weights
from gpu_worker import png
from gpu_worker.celery_app import make_worker_app, serve_renders
from gpu_worker.handover import Handover
from gpu_worker.lane import Lane
from gpu_worker.renderer import (
    NOTHING,
    CheckpointFiles,
    DeviceState,
    Drawing,
    Materials,
    Picture,
    PreviewListener,
    StepListener,
    unseen,
)
from gpu_worker.run_job import run_job
from gpu_worker.status import WorkerStatus
from gpu_worker.traffic import Traffic
from gpu_worker.watchdog import Watchdog
from gpu_worker.workshop import Workshop
from tasks import blobs
from tasks.publishing import Publisher
from tasks.schema import CheckpointRef, JobSpec, SignedLink, TextToImageSpec

SIDE = 1024
CHECKPOINT = CheckpointRef(
    id="resting", format="folder", weights=Weights(source="file:nowhere"), max_pixels=SIDE * SIDE
)
SPEC = TextToImageSpec(
    checkpoint=CHECKPOINT,
    prompt="a red star",
    width=SIDE,
    height=SIDE,
    num_inference_steps=4,
    guidance_scale=1.0,
    sampler="euler",
    seeds=(1, 2, 3, 4),
)


def picture(seed: int) -> Picture:
    """A picture that compresses about as a photograph does: slopes under noise of a few bits."""
    noise = random.Random(seed).randbytes(SIDE * SIDE * 3)  # noqa: S311 - no secret
    table = bytes(value % 12 for value in range(256))
    rows = noise.translate(table)
    slope = bytes((index // (3 * 8)) % 244 for index in range(SIDE * 3))
    rgb = b"".join(
        bytes(map(int.__add__, slope, rows[start : start + SIDE * 3])) for start in range(0, len(rows), SIDE * 3)
    )
    return Picture(seed=seed, width=SIDE, height=SIDE, rgb=rgb)


PICTURES = [picture(seed) for seed in SPEC.seeds]


def encode_and_store_s(redis: Redis) -> float:
    """Seconds that encoding and handing over one job's pictures costs on this machine now."""
    started = time.perf_counter()
    for number, each in enumerate(PICTURES):
        data = png.encode(each, SPEC)
        blobs.put(redis, "MEASURE", number, epoch=1, data=data, seed=each.seed, size=(SIDE, SIDE))
    return time.perf_counter() - started


class RestingRenderer:
    """Has the checkpoint loaded, and rests for `sample_s` a job, in steps; before it for `prepare_s`, aside or not."""

    def __init__(self, sample_s: float, prepare_s: float, *, is_aside: bool) -> None:
        self._sample_s = sample_s
        self._aside_s, self._on_lane_s = (prepare_s, 0.0) if is_aside else (0.0, prepare_s)

    def loaded(self) -> tuple[str, ...]:
        return (CHECKPOINT.id,)

    def controlnets(self) -> tuple[str, ...]:
        return ()

    def device(self) -> DeviceState:
        return DeviceState("resting", is_cpu=True)

    def load(self, checkpoint: CheckpointRef, files: CheckpointFiles) -> None:
        """Nothing."""

    def prepare(self, spec: JobSpec, materials: Materials = NOTHING) -> None:  # noqa: ARG002
        time.sleep(self._aside_s)

    def draw(
        self,
        spec: JobSpec,
        on_step: StepListener,
        materials: Materials = NOTHING,  # noqa: ARG002
        *,
        on_preview: PreviewListener = unseen,  # noqa: ARG002
    ) -> Drawing:
        time.sleep(self._on_lane_s)
        steps = spec.num_inference_steps * spec.num_images
        for step in range(1, steps + 1):
            time.sleep(self._sample_s / steps)
            on_step(step, steps)
        return Drawing(PICTURES)


class NoFetcher:
    """Everything is there."""

    def learn(self, links: Iterable[SignedLink]) -> None:
        """No links."""

    def checkpoint(self, *_args: object, **_options: object) -> CheckpointFiles:
        return CheckpointFiles(Path("nowhere"))

    def file(self, *_args: object, **_options: object) -> Path:
        return Path("nowhere")

    model = pinned = safety_checker = file


def work(url: str, *, slots: int, renderer: RestingRenderer) -> None:
    """Take jobs for ever, `slots` at a time."""
    redis = Redis.from_url(url)
    lane, traffic = Lane(lambda: renderer), Traffic()
    lane.start()
    app = make_worker_app(url, worker_id="resting", checkpoints=[CHECKPOINT.id], gate=traffic, loaded=lane.loaded)
    app.conf.worker_concurrency = slots
    shop = Workshop(
        worker_id="resting",
        redis=redis,
        fetcher=NoFetcher(),
        lane=lane,
        handover=Handover(Publisher(app, redis), redis, worker_id="resting", now=_now),
        traffic=traffic,
        status=WorkerStatus(now=_now),
        watchdog=Watchdog(lambda _silent_s: None),
        now=_now,
        on_device_fault=lambda: None,
    )
    serve_renders(app, lambda message: run_job(message, shop))
    app.WorkController(hostname="gpu@resting", without_gossip=True, without_mingle=True).start()


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    address, slots, sample, prepare, where = sys.argv[1:]
    work(address, slots=int(slots), renderer=RestingRenderer(float(sample), float(prepare), is_aside=where == "aside"))
