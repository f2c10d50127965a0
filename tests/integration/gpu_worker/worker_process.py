"""Real workers: `python -m gpu_worker` in processes of their own, as a rented machine would run them."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from redis import Redis

from config.loading import load_registry
from tasks import keys
from tasks.app import make_app
from tasks.publishing import Publisher
from tasks.schema import CheckpointRef, Heartbeat, WorkerState
from tests.specs import tiny_spec

ROOT = Path(__file__).parents[3]
DEVICE_FAULTS = Path(__file__).parent / "device_faults"
BOOT_S = 60.0


def wait_until(condition: Callable[[], Any], *, timeout_s: float = 30) -> Any:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.02)
    raise AssertionError("it did not happen in time")


def configuration(weights: Path, target: Path) -> Path:
    """The sandbox's configuration folder, with the tests' weights instead of those in `var/`."""
    shutil.copytree(ROOT / "sandbox" / "config", target)
    for trained in (target / "models").glob("shapes*.toml"):
        trained.unlink()
    profile = target / "profiles" / "sandbox.toml"
    profile.write_text(profile.read_text().replace('warm = ["shapes", "tiny-sdxl"]', 'warm = ["tiny-sdxl"]'))
    for entry in (target / "models").glob("*.toml"):
        entry.write_text(entry.read_text().replace("file:var/weights/", f"file:{weights}/"))
    return target


def _kill_group(supervisor: subprocess.Popen[bytes]) -> None:
    """SIGKILL to all, and wait for all: a dying worker whose socket is still open could be handed one more message."""
    family = psutil.Process(supervisor.pid).children(recursive=True)
    os.killpg(supervisor.pid, signal.SIGKILL)
    supervisor.wait(10)
    psutil.wait_procs(family, timeout=10)


@dataclass
class Fleet:
    """Starts workers, each in a process group of its own, and ends them all at the end.

    What lies in the folder `faults` is wrong with their devices: see `device_faults/sitecustomize.py`.
    """

    url: str
    config: Path
    data: Path
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.redis = Redis.from_url(self.url)
        app = make_app(self.url, client_name="test")
        self.publisher = Publisher(app, self.redis)
        self.checkpoints = load_registry(self.config).checkpoints
        self.faults = self.data / "faults"
        self.faults.mkdir(exist_ok=True)

    def start(self, *names: str) -> None:
        """Have these workers, and no others, idle: what runs already is used again."""
        for name in set(self.processes) - set(names):
            self.end(name)
        for name in names:
            if name not in self.processes or self.processes[name].poll() is not None:
                self.processes[name] = self._spawn(name)
        for name in names:
            self.wait_for(name, WorkerState.IDLE)

    def heartbeat(self, name: str) -> Heartbeat | None:
        value = self.redis.get(keys.heartbeat(name))
        return Heartbeat.read(value) if isinstance(value, bytes) else None

    def wait_for(self, name: str, state: WorkerState) -> Heartbeat:
        def is_there() -> Heartbeat | None:
            beat = self.heartbeat(name)
            return beat if beat is not None and beat.state is state else None

        beat: Heartbeat = wait_until(is_there, timeout_s=BOOT_S)
        return beat

    def publish(self, job_id: str, *, checkpoint: str = "tiny-sdxl", priority: int = 0, **changes: Any) -> None:
        self.publish_ref(job_id, CheckpointRef.of(self.checkpoints[checkpoint]), priority=priority, **changes)

    def publish_ref(self, job_id: str, checkpoint: CheckpointRef, *, priority: int = 0, **changes: Any) -> None:
        spec = tiny_spec(checkpoint=checkpoint, **changes)
        self.publisher.render(job_id, epoch=1, spec=spec, priority=priority, now=datetime.now(UTC))

    def child(self, name: str) -> psutil.Process:
        """The worker process below the supervisor."""
        children = psutil.Process(self.processes[name].pid).children()
        return next(each for each in children if "gpu_worker.worker" in each.cmdline())

    def vanish(self, name: str) -> None:
        """The host is gone: SIGKILL to everything in it."""
        _kill_group(self.processes.pop(name))

    def end(self, name: str) -> None:
        process = self.processes.pop(name)
        if process.poll() is None:
            _kill_group(process)
        self.redis.delete(keys.heartbeat(name), keys.unacked(name), keys.unacked_index(name))

    def end_all(self) -> None:
        for name in list(self.processes):
            self.end(name)

    def _spawn(self, name: str) -> subprocess.Popen[bytes]:
        environment = {
            **os.environ,
            "PYTHONPATH": str(DEVICE_FAULTS),
            "DEVICE_FAULTS": str(self.faults),
            "EASEL_ENV_FILE": "",
            "EASEL_WORKER_ID": name,
            "EASEL_WORKER_REDIS_URL": self.url,
            "EASEL_CONFIG_DIR": str(self.config),
            "EASEL_DATA_DIR": str(self.data),
            "EASEL_PROFILE": "sandbox",
            "HF_HUB_OFFLINE": "1",
            "OMP_NUM_THREADS": "1",
        }
        log = (self.data / f"{name}.log").open("ab")
        return subprocess.Popen(
            [sys.executable, "-m", "gpu_worker"],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
