"""What lies in the device's memory, checkpoints and ControlNets alike, within one budget."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from gpu_worker.cache.eviction import Held, heat_after, to_evict

_REMEMBERED = 200
_Model = TypeVar("_Model")


@dataclass(frozen=True)
class Loaded(Generic[_Model]):
    """A model with what it takes in memory; `files` are held, so that they stay on disk while they are mapped."""

    model: _Model
    size_bytes: int
    files: object = None


@dataclass(frozen=True)
class _Entry:
    kind: str
    name: str
    loaded: Loaded[Any]
    reload_s: float


@dataclass(frozen=True)
class _Use:
    """How often something was used, older uses counting less, as of the `at`-th use of any."""

    heat: float
    at: int


class Residents:
    """Used on the lane's thread; `names` and `peek` may be called from any.

    `wanted` tells the ids of what waiting jobs draw with.
    """

    def __init__(
        self,
        *,
        budget_bytes: int,
        free_unused: Callable[[], None],
        wanted: Callable[[], Iterable[str]] = tuple,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._budget_bytes = budget_bytes
        self._free_unused = free_unused
        self._wanted = wanted
        self._clock = clock
        self._entries: dict[str, _Entry] = {}
        self._uses: dict[str, _Use] = {}  # of what was dropped, too: a favourite that returns is one at once
        self._is_drawing = False
        self._in_use: set[str] = set()
        self._names: tuple[tuple[str, str], ...] = ()
        self._count = 0

    def names(self, kind: str) -> tuple[str, ...]:
        """Ids of what is loaded, as of the last change."""
        return tuple(dict.fromkeys(name for each, name in self._names if each == kind))

    @contextmanager
    def drawing(self) -> Iterator[None]:
        """One job: what it uses meanwhile makes no room for anything."""
        self._is_drawing = True
        try:
            yield
        finally:
            self._is_drawing = False
            self._in_use.clear()

    def ensure(self, key: str, *, kind: str, name: str, size_bytes: int, load: Callable[[], Loaded[_Model]]) -> None:
        """Have it in memory, loaded now if need be; others make room for its `size_bytes`."""
        if key in self._entries:
            return
        self._make_room(size_bytes)
        started = self._clock()
        loaded = load()
        self._entries[key] = _Entry(kind, name, loaded, self._clock() - started)
        self._note_names()
        self._note_use(key)

    def use(self, key: str) -> Any:
        """The model, for a job that draws with it.

        Raises:
            KeyError: it is not loaded.
        """
        model = self._entries[key].loaded.model
        if self._is_drawing:
            self._in_use.add(key)
        self._note_use(key)
        return model

    def peek(self, key: str) -> Any | None:
        """The model if it is loaded; it does not count as used."""
        entry = self._entries.get(key)
        return entry.loaded.model if entry else None

    def drop_unused(self) -> None:
        """Make all the room there can be beside what the present job uses."""
        self._drop([key for key in self._entries if key not in self._in_use])

    def _make_room(self, needed_bytes: int) -> None:
        wanted_names = set(self._wanted())
        wanted = {key for key, entry in self._entries.items() if entry.name in wanted_names}
        fixed = sum(self._entries[key].loaded.size_bytes for key in self._in_use & self._entries.keys())
        held = [
            Held(key, entry.loaded.size_bytes, self._uses[key].at, self._uses[key].heat, entry.reload_s)
            for key, entry in self._entries.items()
            if key not in self._in_use
        ]
        budget = self._budget_bytes - fixed
        self._drop(to_evict(held, needed_bytes=needed_bytes, budget_bytes=budget, now=self._count, wanted=wanted))

    def _drop(self, keys: list[str]) -> None:
        for key in keys:
            del self._entries[key]
        self._note_names()
        self._free_unused()

    def _note_use(self, key: str) -> None:
        self._count += 1
        known = self._uses.pop(key, None)  # taken out and put in again: the oldest stand first
        heat = heat_after(known.heat, uses_since=self._count - known.at) if known else 1.0
        self._uses[key] = _Use(heat, self._count)
        for old in [each for each in self._uses if each not in self._entries][:-_REMEMBERED]:
            del self._uses[old]

    def _note_names(self) -> None:
        self._names = tuple((entry.kind, entry.name) for entry in self._entries.values())
