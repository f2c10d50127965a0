"""Jobs a minute with the overlap (one job samples while another one is encoded and handed over) and one at a time.

The device is a pause that is as long as encoding and hand-over of a job's four pictures take on this machine, so both
cost the same. With one slot a worker does one after the other; with three, as in production, side by side. Prompts and
maps are a pause of a quarter of that, on the thread of the waiting job or, to see what that is worth, on the lane.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from redis import Redis

from benchmarks.resting_worker import SPEC, encode_and_store_s
from benchmarks.results import report
from config.embedded_redis import EmbeddedRedis
from gpu_worker.celery_app import CONCURRENCY
from sandbox.studio import ROOT, free_port
from tasks import routing
from tasks.app import make_app
from tasks.publishing import Publisher

JOBS = 12
ROUNDS = 3
PREPARING = 0.25  # of what sampling costs: a ControlNet's map, two text encoders
_NEWS_A_JOB = 2  # claimed, rendered


def main() -> None:
    """Rounds in turns, so that a busy machine is busy for both."""
    with tempfile.TemporaryDirectory() as folder, _redis(Path(folder)) as url:
        redis = Redis.from_url(url)
        cost_s = median(encode_and_store_s(redis) for _ in range(5))
        alone, on_lane, together = [], [], []
        for _ in range(ROUNDS):
            alone.append(_jobs_a_minute(url, slots=1, sample_s=cost_s, preparing="aside"))
            on_lane.append(_jobs_a_minute(url, slots=CONCURRENCY, sample_s=cost_s, preparing="on lane"))
            together.append(_jobs_a_minute(url, slots=CONCURRENCY, sample_s=cost_s, preparing="aside"))
    figures = {
        "encode_and_hand_over_s": cost_s,
        "one_at_a_time_jobs_per_minute": median(alone),
        "overlapped_jobs_per_minute": median(together),
        **_ratios("ratio", together, alone),
        "prepared_on_the_lane_jobs_per_minute": median(on_lane),
        **_ratios("aside_against_on_the_lane", together, on_lane),
    }
    report(
        "overlap", figures, note=f"{ROUNDS} rounds of {JOBS} jobs of 4 pictures of 1024x1024; aim: ratio at least 1.3"
    )


def _ratios(name: str, ours: list[float], theirs: list[float]) -> dict[str, float]:
    ratios = [mine / other for mine, other in zip(ours, theirs, strict=True)]
    return {f"{name}_min": min(ratios), f"{name}_median": median(ratios), f"{name}_max": max(ratios)}


def _jobs_a_minute(url: str, *, slots: int, sample_s: float, preparing: str) -> float:
    """From the first claim to the last result."""
    redis = Redis.from_url(url)
    redis.flushall()
    publisher = Publisher(make_app(url, client_name="bench-view"), redis)
    for number in range(JOBS):
        publisher.render(f"BENCH{number:03}", epoch=1, spec=SPEC, priority=0, now=datetime.now(UTC))
    pauses = [str(sample_s), str(sample_s * PREPARING), preparing]
    command = [sys.executable, "-m", "benchmarks.resting_worker", url, str(slots), *pauses]
    worker = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(redis, 1)
        started = time.monotonic()
        _wait_for(redis, JOBS * _NEWS_A_JOB)
        return JOBS * 60 / (time.monotonic() - started)
    finally:
        worker.kill()
        worker.wait(10)


def _wait_for(redis: Redis, news: int) -> None:
    deadline = time.monotonic() + 300
    while redis.llen(routing.CONTROL) < news:
        if time.monotonic() > deadline:
            message = f"the worker told {redis.llen(routing.CONTROL)} of {news} things within 300 s"
            raise TimeoutError(message)
        time.sleep(0.02)


@contextmanager
def _redis(directory: Path) -> Iterator[str]:
    server = EmbeddedRedis(directory=directory, port=free_port())
    process = subprocess.Popen(server.command(), stdout=subprocess.DEVNULL)
    try:
        server.wait_until_listening()
        yield f"redis://127.0.0.1:{server.port}/0"
    finally:
        process.terminate()
        process.wait(10)


if __name__ == "__main__":
    main()
