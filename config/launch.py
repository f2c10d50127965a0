"""`python -m config run`: every process of Easel on this machine, each restarted when it dies, under circus."""

import logging
import os
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from circus import get_arbiter
from circus.exc import ConflictError

from config.embedded_redis import EmbeddedRedis
from config.settings import RunSettings

_GRACE_S = 75  # a GPU worker may finish the picture that it is drawing


@dataclass(frozen=True)
class Process:
    """One command line under supervision."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)


def embedded_redis(settings: RunSettings) -> EmbeddedRedis | None:
    """The Redis to start, or None where REDIS_URL names one."""
    if settings.own_redis is not None:
        return None
    password = settings.redis_password
    return EmbeddedRedis(
        directory=settings.data_dir / "redis",
        port=settings.redis_port,
        bind=settings.redis_bind,
        password=password.get_secret_value() if password else None,
    )


def processes(settings: RunSettings) -> list[Process]:
    """The process table: what `make run` runs, in the order of starting."""
    python = sys.executable
    table = [
        Process("bot", (python, "-m", "bot")),
        Process(
            "courier",
            (python, "-m", "celery", "-A", "bot.courier", "worker", "-Q", "control", "-P", "threads", "-c", "8"),
        ),
        Process("provisioner", (python, "-m", "provisioner", "run")),
        Process(
            "flower",
            (
                python,
                "-m",
                "celery",
                "-A",
                "tasks.app",
                "flower",
                "--address=127.0.0.1",
                f"--port={settings.flower_port}",
            ),
            {"FLOWER_BASIC_AUTH": flower_credentials(settings)},
        ),
    ]
    if settings.local_worker:
        table.append(Process("worker", (python, "-m", "gpu_worker")))
    return table


def flower_credentials(settings: RunSettings) -> str:
    """`user:password` from the environment, or one that is made once and kept readable by its owner only."""
    if settings.flower_basic_auth is not None:
        return settings.flower_basic_auth.get_secret_value()
    path = settings.data_dir / "flower-password"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(f"easel:{secrets.token_urlsafe(12)}")
    return path.read_text().strip()


def run(settings: RunSettings) -> None:
    """Run everything until SIGINT or SIGTERM; returns after every process has ended."""
    redis = embedded_redis(settings)
    shared = {"PYTHONUNBUFFERED": "1"}
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    watchers = [_watcher(process, {**os.environ, **shared, **process.environment}) for process in processes(settings)]
    if redis is not None:
        watchers.insert(0, _redis_watcher(redis))
    arbiter = get_arbiter(
        watchers,
        controller=_endpoint(settings.data_dir, "control"),
        pubsub_endpoint=_endpoint(settings.data_dir, "events"),
        warmup_delay=0,
    )
    logging.getLogger("tornado.application").addFilter(_is_no_conflict)
    try:
        arbiter.start()
    finally:
        arbiter.stop()


def _is_no_conflict(record: logging.LogRecord) -> bool:
    # While circus stops, its own periodic look at the processes still fires and is refused: no news for anybody.
    return not (record.exc_info and isinstance(record.exc_info[1], ConflictError))


def _watcher(process: Process, environment: Mapping[str, str]) -> dict[str, Any]:
    return {
        "name": process.name,
        "cmd": process.command[0],
        "args": list(process.command[1:]),
        "env": dict(environment),
        "working_dir": str(Path.cwd()),
        "graceful_timeout": _GRACE_S,
        "max_retry": -1,
        "stop_children": False,
    }


def _redis_watcher(redis: EmbeddedRedis) -> dict[str, Any]:
    command = redis.command()
    ready = lambda **_: redis.wait_until_listening()  # noqa: E731 - circus wants a callable with keywords
    return {
        **_watcher(Process("redis", tuple(command)), os.environ),
        "priority": 10,  # started first and stopped last
        "hooks": {"after_start": (ready, False)},
    }


def _endpoint(data_dir: Path, name: str) -> str:
    return f"ipc://{(data_dir / f'circus-{name}.sock').resolve()}"
