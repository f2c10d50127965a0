"""Fetched weights on disk, shared by all workers of a machine: places, locks, pins, last use, and room for more.

A *unit* is what is fetched and deleted as a whole: a folder of `files/`, or a repository in huggingface_hub's cache.
Who uses a unit holds a pin, a shared lock of the system on a file of `.used/`: it ends with its process, whatever kills
that, and nobody deletes a unit that somebody has pinned. The lock file's own time is when the unit was last used.
"""

import errno
import fcntl
import os
import shutil
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import structlog
from filelock import FileLock, Timeout

from gpu_worker.weights.disk_budget import Stored, room_bytes, to_remove

log = structlog.get_logger()

_FILES, HUB = "files", "huggingface"
_WAIT_S = 0.5
_CANNOT_ALLOCATE = frozenset({errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS})  # some network and memory file systems


class Pin:
    """Keeps a unit on disk as long as this object lives."""

    def __init__(self, descriptor: int) -> None:
        self._end = weakref.finalize(self, os.close, descriptor)

    def release(self) -> None:
        """Let go now."""
        self._end()


class Store:
    """One folder of weights. `limit_bytes` bounds what is kept; the disk's own end bounds it anyway."""

    def __init__(self, directory: Path, *, limit_bytes: int | None = None) -> None:
        self.directory = directory
        self._limit_bytes = limit_bytes

    @property
    def hub_dir(self) -> Path:
        """The cache folder of huggingface_hub."""
        return self.directory / HUB

    def place(self, key: str) -> tuple[str, Path]:
        """Unit and folder of files that are known by `key`."""
        unit = f"{_FILES}/{key}"
        return unit, self.directory / unit

    def hub_unit(self, repository: str) -> str:
        """The unit of a Hub repository; its folder's name is huggingface_hub's."""
        return f"{HUB}/models--{repository.replace('/', '--')}"

    def pin(self, unit: str) -> Pin:
        """Use a unit: it stays until the pin goes, and counts as used now. Waits while it is being deleted."""
        descriptor = self._open_marker(unit)
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        os.utime(descriptor)
        return Pin(descriptor)

    @contextmanager
    def locked(self, unit: str, *, waiting: Callable[[], None]) -> Iterator[None]:
        """Nobody else writes this unit meanwhile. `waiting` is called now and then; what it raises ends the wait."""
        lock = FileLock(self._side_path(".locks", unit), timeout=_WAIT_S, poll_interval=0.1)
        while not lock.is_locked:
            try:
                lock.acquire()
            except Timeout:
                waiting()
        try:
            yield
        finally:
            lock.release()

    def reserve(self, path: Path, size_bytes: int) -> None:
        """Give a file of ours its full size on the disk at once, removing what was not used for longest.

        Raises:
            OSError: ENOSPC, the disk is too small for it.
        """
        with self._room_lock():
            self._make_room(size_bytes)
            with path.open("r+b") as file:
                _allocate(file, size_bytes)

    def make_room(self, size_bytes: int) -> None:
        """The same for files that somebody else writes."""
        with self._room_lock():
            self._make_room(size_bytes)

    def stored(self) -> list[Stored]:
        """What lies here."""
        folders = [*self.directory.glob(f"{_FILES}/*/"), *self.directory.glob(f"{HUB}/models--*/")]
        units = [str(folder.relative_to(self.directory)) for folder in folders]
        return [
            Stored(unit, _size(self.directory / unit), self._last_used(unit), in_use=not self._removable(unit))
            for unit in units
        ]

    def _make_room(self, needed_bytes: int) -> None:
        stored = self.stored()
        room = room_bytes(stored, free_bytes=shutil.disk_usage(self.directory).free, limit_bytes=self._limit_bytes)
        for unit in to_remove(stored, needed_bytes=needed_bytes, room=room):
            self._remove(unit)

    def _remove(self, unit: str) -> None:
        descriptor = self._open_marker(unit)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return  # somebody began to use it
        else:
            shutil.rmtree(self.directory / unit, ignore_errors=True)
            log.info("weights removed to make room", unit=unit)
        finally:
            os.close(descriptor)

    def _removable(self, unit: str) -> bool:
        descriptor = self._open_marker(unit)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        else:
            return True
        finally:
            os.close(descriptor)

    def _last_used(self, unit: str) -> float:
        return self._side_path(".used", unit).stat().st_mtime

    def _open_marker(self, unit: str) -> int:
        path = self._side_path(".used", unit)
        is_new = not path.exists()
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        folder = self.directory / unit
        if is_new and folder.exists():  # it was there before us: as old as its folder
            os.utime(descriptor, (folder.stat().st_mtime,) * 2)
        return descriptor

    def _room_lock(self) -> FileLock:
        return FileLock(self._side_path(".locks", "room"), poll_interval=0.1)

    def _side_path(self, kind: str, unit: str) -> Path:
        folder = self.directory / kind
        folder.mkdir(parents=True, exist_ok=True)
        return folder / unit.replace("/", "__")


def _allocate(file: BinaryIO, size_bytes: int) -> None:
    try:
        os.posix_fallocate(file.fileno(), 0, size_bytes)
    except OSError as error:
        if error.errno not in _CANNOT_ALLOCATE:
            raise
        file.truncate(size_bytes)  # then the disk may turn out to be full later on


def _size(folder: Path) -> int:
    """Bytes on disk: what only names another file counts nothing, a file with two names once."""
    seen = {}
    for parent, _folders, names in os.walk(folder):
        for name in names:
            status = (Path(parent) / name).lstat()
            seen[status.st_ino] = status.st_blocks * 512
    return sum(seen.values())
