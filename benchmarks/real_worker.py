"""A Redis and one idle GPU worker, each a process of its own, for the benchmarks that time the real thing."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from redis import Redis

from benchmarks.results import DIRECTORY
from config.embedded_redis import EmbeddedRedis
from sandbox.studio import ROOT, free_port
from tasks import keys
from tasks.schema import Heartbeat, WorkerState

WORKER_ID = "bench"
CONFIG = ROOT / "sandbox" / "config"
_BOOT_S = 120
_LOOK_EVERY_S = 0.2


@dataclass(frozen=True)
class RealWorker:
    """Where the worker takes its jobs from."""

    redis: Redis
    url: str


@contextmanager
def idle_worker() -> Iterator[RealWorker]:
    """Start both, wait until the worker is idle, and end both; the worker's log is in `var/bench/`.

    Raises:
        TimeoutError: the worker did not become idle within two minutes.
    """
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, (DIRECTORY / "worker.log").open("wb") as log:
        server = EmbeddedRedis(directory=Path(folder), port=free_port())
        url = f"redis://127.0.0.1:{server.port}/0"
        redis_process = subprocess.Popen(server.command(), stdout=subprocess.DEVNULL)
        server.wait_until_listening()
        command = [sys.executable, "-m", "gpu_worker"]
        worker = subprocess.Popen(command, cwd=ROOT, env=_environment(url), stdout=log, stderr=log)
        try:
            redis = Redis.from_url(url)
            _wait_until_idle(redis)
            yield RealWorker(redis, url)
        finally:
            worker.terminate()
            worker.wait(30)
            redis_process.terminate()
            redis_process.wait(10)


def _wait_until_idle(redis: Redis) -> None:
    deadline = time.monotonic() + _BOOT_S
    while time.monotonic() < deadline:
        beat = redis.get(keys.heartbeat(WORKER_ID))
        if isinstance(beat, bytes) and Heartbeat.read(beat).state is WorkerState.IDLE:
            return
        time.sleep(_LOOK_EVERY_S)
    message = f"the worker did not become idle within {_BOOT_S} s; see {DIRECTORY / 'worker.log'}"
    raise TimeoutError(message)


def _environment(url: str) -> dict[str, str]:
    return {
        **os.environ,
        "EASEL_ENV_FILE": "",
        "REDIS_URL": url,
        "EASEL_CONFIG_DIR": str(CONFIG),
        "EASEL_PROFILE": "sandbox",
        "EASEL_WORKER_ID": WORKER_ID,
    }
