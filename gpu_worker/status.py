"""What the worker says of itself, gathered from its parts; the heartbeat carries it. Thread-safe."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

from tasks.errors import JobError
from tasks.schema import WorkerState

_RECENT_LORAS = 50


class WorkerStatus:
    """State, since when, jobs in hand, and the tallies. `changed` is set at each change of state."""

    def __init__(self, *, now: Callable[[], datetime], release: str = "") -> None:
        self._release = release
        self.changed = threading.Event()
        self._lock = threading.Lock()
        self._now = now
        self._jobs: set[str] = set()
        self._is_ready = False
        self._is_draining = False
        self._since = now()
        self._busy_since: datetime | None = None
        self._busy_s = 0.0
        self._jobs_done = 0
        self._last_error = ""
        self._fetching: dict[str, str] = {}
        self._loras: tuple[str, ...] = ()

    def ready(self) -> None:
        """Warmed up; messages are taken from now on."""
        with self._transition():
            self._is_ready = True

    def drain(self) -> None:
        """No more messages are taken."""
        with self._transition():
            self._is_draining = True

    @contextmanager
    def working_on(self, job_id: str) -> Iterator[None]:
        """A job is in hand."""
        with self._transition():
            self._jobs.add(job_id)
        try:
            yield
        finally:
            with self._transition():
                self._jobs.discard(job_id)

    @contextmanager
    def fetching(self, checkpoint_id: str) -> Iterator[Callable[[int, int | None], None]]:
        """Weights are being fetched; yields what to call with (bytes here, bytes in all)."""
        try:
            yield lambda done, total: self._note_fetch(checkpoint_id, done, total)
        finally:
            with self._lock:
                self._fetching.pop(checkpoint_id, None)

    def _note_fetch(self, checkpoint_id: str, done_bytes: int, total_bytes: int | None) -> None:
        percent = f"{100 * done_bytes // total_bytes} %" if total_bytes else f"{done_bytes // 10**6} MB"
        with self._lock:
            self._fetching[checkpoint_id] = f"{checkpoint_id} {percent}"

    def note_done(self, *, loras: Iterable[str] = ()) -> None:
        """One more job was handed over; what it wore is at hand for the next one."""
        with self._lock:
            self._jobs_done += 1
            worn = tuple(loras)
            self._loras = (*worn, *(name for name in self._loras if name not in worn))[:_RECENT_LORAS]

    def note_error(self, error: JobError) -> None:
        """What went wrong last; never a prompt, `detail` is made for logs."""
        with self._lock:
            self._last_error = f"{error.code}: {error.detail}"[:300]

    def facts(self) -> dict[str, object]:
        """The heartbeat's fields that this object knows."""
        with self._lock:
            running_s = (self._now() - self._busy_since).total_seconds() if self._busy_since else 0.0
            return {
                "state": self._state(),
                "release": self._release,
                "since": self._since,
                "job_ids": tuple(sorted(self._jobs)),
                "jobs_done": self._jobs_done,
                "busy_s": round(self._busy_s + running_s, 3),
                "last_error": self._last_error,
                "fetching": tuple(self._fetching.values()),
                "loras": self._loras,
            }

    def _state(self) -> WorkerState:
        if self._is_draining:
            return WorkerState.DRAINING
        if not self._is_ready:
            return WorkerState.STARTING
        return WorkerState.BUSY if self._jobs else WorkerState.IDLE

    @contextmanager
    def _transition(self) -> Iterator[None]:
        with self._lock:
            before = self._state()
            yield
            moment = self._now()
            if self._state() is not before:
                self._since = moment
            self._count_busy_time(moment)
        self.changed.set()

    def _count_busy_time(self, moment: datetime) -> None:
        if self._jobs and self._busy_since is None:
            self._busy_since = moment
        elif not self._jobs and self._busy_since is not None:
            self._busy_s += (moment - self._busy_since).total_seconds()
            self._busy_since = None
