"""What our worker adds to diffusers' pipeline: queue, lease, lane, PNG and hand-over, against the bare call.

Both sides draw the same pictures with the same tiny weights, the worker in a process of its own, in turns, so that
neither runs while the other does. A figure is the ratio of the two wall-clock times of one pair.
"""

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median
from typing import Any

from benchmarks.real_worker import CONFIG, RealWorker, idle_worker
from benchmarks.results import report
from config.loading import load_registry
from sandbox.studio import ROOT
from sandbox.weights import build_tiny_sdxl
from tasks import routing
from tasks.app import make_app
from tasks.publishing import Publisher
from tasks.schema import CheckpointRef, Claimed, Rendered, TextToImageSpec

CHECKPOINT = "tiny-sdxl"
PAIRS = 9
JOBS = {"short": (384, 12), "long": (512, 12)}  # side in pixels, steps


def main() -> None:
    """Print and store the ratios: least, median and greatest of the pairs, for a shorter and a longer job."""
    build_tiny_sdxl.build(ROOT / "var" / "weights")
    figures: dict[str, float] = {}
    with idle_worker() as worker:
        bare, through_worker = _bare(), _through_worker(worker)
        for name, (side, steps) in JOBS.items():
            figures |= {f"{name}_{key}": value for key, value in _pairs(bare, through_worker, side, steps).items()}
    note = f"{PAIRS} pairs each, {os.environ.get('OMP_NUM_THREADS', 'all')} threads; aim: ratio at most 1.05"
    report("worker_overhead", figures, note=note)


def _pairs(
    bare: Callable[[TextToImageSpec], float], ours: Callable[[TextToImageSpec], float], side: int, steps: int
) -> dict[str, float]:
    bare_s, ours_s = [], []
    for number in range(PAIRS + 1):
        spec = _spec(side, steps, seed=number)
        first, second = (bare, ours) if number % 2 else (ours, bare)
        times = {first: first(spec), second: second(spec)}
        if number:  # the first pair warms both up
            bare_s.append(times[bare])
            ours_s.append(times[ours])
    ratios = [mine / theirs for mine, theirs in zip(ours_s, bare_s, strict=True)]
    return {
        "bare_median_s": median(bare_s),
        "worker_median_s": median(ours_s),
        "ratio_min": min(ratios),
        "ratio_median": median(ratios),
        "ratio_max": max(ratios),
    }


def _bare() -> Callable[[TextToImageSpec], float]:
    """Seconds of a plain call of the pipeline, scheduler set and everything loaded."""
    import torch  # noqa: PLC0415 - the other benchmarks need none
    from diffusers import EulerDiscreteScheduler, StableDiffusionXLPipeline  # noqa: PLC0415

    pipeline: Any = StableDiffusionXLPipeline.from_pretrained(
        ROOT / "var" / "weights" / CHECKPOINT, local_files_only=True, add_watermarker=False
    )
    pipeline.set_progress_bar_config(disable=True)

    def draw(spec: TextToImageSpec) -> float:
        started = time.perf_counter()
        pipeline.scheduler = EulerDiscreteScheduler.from_config(pipeline.scheduler.config)
        pipeline(
            prompt=spec.prompt,
            width=spec.width,
            height=spec.height,
            num_inference_steps=spec.num_inference_steps,
            guidance_scale=spec.guidance_scale,
            generator=torch.Generator("cpu").manual_seed(spec.seeds[0]),
        )
        return time.perf_counter() - started

    return draw


def _through_worker(worker: RealWorker) -> Callable[[TextToImageSpec], float]:
    """Seconds from putting a job into the queue to the message that its picture lies in Redis."""
    app = make_app(worker.url, client_name="bench-view", queues=[routing.CONTROL])
    publisher = Publisher(app, worker.redis)
    inbox = app.connection_for_read().SimpleQueue(routing.CONTROL, no_ack=True)

    def draw(spec: TextToImageSpec) -> float:
        started = time.perf_counter()
        job_id = f"BENCH-{spec.width}-{spec.seeds[0]}"
        publisher.render(job_id, epoch=1, spec=spec, priority=0, now=datetime.now(UTC))
        Claimed.read(inbox.get(timeout=120).payload[0][0])
        Rendered.read(inbox.get(timeout=120).payload[0][0])
        return time.perf_counter() - started

    return draw


def _spec(side: int, steps: int, *, seed: int) -> TextToImageSpec:
    return TextToImageSpec(
        checkpoint=CheckpointRef.of(load_registry(CONFIG).checkpoints[CHECKPOINT]),
        prompt="a red star on a blue background",
        width=side,
        height=side,
        num_inference_steps=steps,
        guidance_scale=5.0,
        sampler="euler",
        seeds=(seed,),
    )
