"""The loaded checkpoints, within a memory budget."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from gpu_worker.cache.eviction import Held, heat_after, to_evict
from gpu_worker.cache.loading import Components, size_on_disk
from gpu_worker.renderer import CheckpointFiles
from tasks.schema import CheckpointRef

_NOT_IN_MEMORY = {
    "max_pixels",
    "limits",
    "prediction",
    "timestep_spacing",
    "zero_terminal_snr",
}  # they do not change what is loaded


_REMEMBERED = 200


@dataclass(frozen=True)
class _Entry:
    checkpoint_id: str
    components: Components
    reload_s: float
    files: CheckpointFiles  # held, so that they stay on disk while they are mapped


@dataclass(frozen=True)
class _Use:
    """How often a checkpoint was used, older uses counting less, as of the `at`-th use of any."""

    heat: float
    at: int


class CheckpointCache:
    """Used on the lane's thread; `ids` and `peek` may be called from any.

    `wanted` tells what waiting jobs draw with, by id.
    """

    def __init__(
        self,
        load: Callable[[CheckpointRef, CheckpointFiles], Components],
        *,
        budget_bytes: int,
        free_unused: Callable[[], None],
        wanted: Callable[[], Iterable[str]] = tuple,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._load = load
        self._budget_bytes = budget_bytes
        self._free_unused = free_unused
        self._wanted = wanted
        self._clock = clock
        self._entries: dict[str, _Entry] = {}
        self._uses: dict[str, _Use] = {}  # of what was dropped, too: a favourite that returns is one at once
        self._ids: tuple[str, ...] = ()
        self._count = 0

    def ids(self) -> tuple[str, ...]:
        """Ids of what is loaded, as of the last change."""
        return self._ids

    def ensure(self, ref: CheckpointRef, files: CheckpointFiles) -> Components:
        """The checkpoint, loaded now if it is not there yet; others make room."""
        key = _key(ref)
        if key not in self._entries:
            self._make_room(size_on_disk(files, variant=ref.variant))
            started = self._clock()
            components = self._load(ref, files)
            self._entries[key] = _Entry(ref.id, components, self._clock() - started, files)
            self._note_ids()
            self._note_use(key)
        return self._entries[key].components

    def get(self, ref: CheckpointRef) -> Components:
        """A checkpoint that is loaded, for a job that draws with it.

        Raises:
            KeyError: it is not.
        """
        entry = self._entries[_key(ref)]
        self._note_use(_key(ref))
        return entry.components

    def peek(self, ref: CheckpointRef) -> Components | None:
        """A checkpoint if it is loaded, from any thread; it does not count as used."""
        entry = self._entries.get(_key(ref))
        return entry.components if entry else None

    def drop_all_but(self, ref: CheckpointRef | None) -> None:
        """Make all the room there can be."""
        kept = _key(ref) if ref else None
        self._drop([key for key in self._entries if key != kept])

    def _make_room(self, needed_bytes: int) -> None:
        wanted_ids = set(self._wanted())
        wanted = {key for key, entry in self._entries.items() if entry.checkpoint_id in wanted_ids}
        held = [
            Held(key, entry.components.size_bytes, self._uses[key].at, self._uses[key].heat, entry.reload_s)
            for key, entry in self._entries.items()
        ]
        self._drop(
            to_evict(held, needed_bytes=needed_bytes, budget_bytes=self._budget_bytes, now=self._count, wanted=wanted)
        )

    def _drop(self, keys: list[str]) -> None:
        for key in keys:
            del self._entries[key]
        self._note_ids()
        self._free_unused()

    def _note_use(self, key: str) -> None:
        self._count += 1
        known = self._uses.pop(key, None)  # taken out and put in again: the oldest stand first
        heat = heat_after(known.heat, uses_since=self._count - known.at) if known else 1.0
        self._uses[key] = _Use(heat, self._count)
        for old in [each for each in self._uses if each not in self._entries][:-_REMEMBERED]:
            del self._uses[old]

    def _note_ids(self) -> None:
        self._ids = tuple(dict.fromkeys(entry.checkpoint_id for entry in self._entries.values()))


def _key(ref: CheckpointRef) -> str:
    return ref.model_dump_json(exclude=_NOT_IN_MEMORY)
