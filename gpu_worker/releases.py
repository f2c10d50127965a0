"""Takes pushed code: the worker drains when it is offered some, and the supervisor starts it again from there.

The image's own code stays where it is; the supervisor goes back to it where pushed code does not run.
"""

import io
import sys
import tarfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import structlog
from redis import Redis
from redis.exceptions import RedisError

from tasks import releases

log = structlog.get_logger()

REGISTRY = "registry"
LOOK_EVERY_S = 5.0


def environment_of(folder: Path, name: str) -> dict[str, str]:
    """The variables under which Python takes our packages from an unpacked release, and Easel its registry.

    PYTHONSAFEPATH keeps the folder in which the worker runs, where the image's code is, out of the search.
    """
    return {
        "PYTHONSAFEPATH": "1",
        "PYTHONPATH": str(folder),
        "EASEL_CONFIG_DIR": str(folder / REGISTRY),
        "EASEL_RELEASE": name,
    }


class Releases:
    """The supervisor's side."""

    def __init__(self, folder: Path, connection: Callable[[], Redis], worker_id: str) -> None:
        self._folder = folder.resolve()
        self._connection = connection
        self._worker_id = worker_id

    def take(self) -> dict[str, str]:
        """Unpack what is offered; returns the variables to run it with, none where it cannot be had."""
        try:
            bundle = releases.fetch(self._connection(), self._worker_id)
            return self._unpack(bundle) if bundle else {}
        except (RedisError, OSError, tarfile.TarError, EOFError) as error:
            log.warning("release not taken", error=type(error).__name__)
            return {}

    def _unpack(self, bundle: bytes) -> dict[str, str]:
        name = releases.name_of(bundle)
        target = self._folder / name
        with tarfile.open(fileobj=io.BytesIO(bundle), mode="r:gz") as archive:
            archive.extractall(target, filter="data")
        log.info("release unpacked", release=name, python=sys.version.split()[0])
        return environment_of(target, name)


class ReleaseWatch:
    """The worker's side: calls `on_release` once another release than the running one is offered."""

    def __init__(
        self, redis: Redis, worker_id: str, *, running: str, refused: str, on_release: Callable[[], None]
    ) -> None:
        self._redis = redis
        self._worker_id = worker_id
        self._known = {"", running, refused}
        self._on_release = on_release

    def start(self) -> None:
        """Look every few seconds from now on."""
        threading.Thread(target=self._run, name="releases", daemon=True).start()

    def look(self) -> bool:
        """True, after `on_release`, where there is one."""
        try:
            name = releases.wanted(self._redis, self._worker_id)
        except RedisError:
            return False  # the heartbeat says so already
        if name in self._known:
            return False
        log.info("another release is offered", release=name)
        self._on_release()
        return True

    def _run(self) -> None:
        while not self.look():
            time.sleep(LOOK_EVERY_S)
