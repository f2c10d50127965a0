"""The loaded checkpoints, within a memory budget."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

from gpu_worker.cache.eviction import Held, to_evict
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


@dataclass
class _Entry:
    checkpoint_id: str
    components: Components
    last_used: int
    files: CheckpointFiles  # held, so that they stay on disk while they are mapped


class CheckpointCache:
    """Used on the lane's thread; `ids` may be called from any."""

    def __init__(
        self,
        load: Callable[[CheckpointRef, CheckpointFiles], Components],
        *,
        budget_bytes: int,
        free_unused: Callable[[], None],
    ) -> None:
        self._load = load
        self._budget_bytes = budget_bytes
        self._free_unused = free_unused
        self._entries: dict[str, _Entry] = {}
        self._ids: tuple[str, ...] = ()
        self._uses = count()

    def ids(self) -> tuple[str, ...]:
        """Ids of what is loaded, as of the last change."""
        return self._ids

    def ensure(self, ref: CheckpointRef, files: CheckpointFiles) -> Components:
        """The checkpoint, loaded now if it is not there yet; others make room."""
        key = _key(ref)
        if key not in self._entries:
            self._make_room(size_on_disk(files, variant=ref.variant))
            self._entries[key] = _Entry(ref.id, self._load(ref, files), 0, files)
            self._note_ids()
        return self.get(ref)

    def get(self, ref: CheckpointRef) -> Components:
        """A checkpoint that is loaded.

        Raises:
            KeyError: it is not.
        """
        entry = self._entries[_key(ref)]
        entry.last_used = next(self._uses)
        return entry.components

    def drop_all_but(self, ref: CheckpointRef | None) -> None:
        """Make all the room there can be."""
        kept = _key(ref) if ref else None
        self._drop([key for key in self._entries if key != kept])

    def _make_room(self, needed_bytes: int) -> None:
        held = [Held(key, entry.components.size_bytes, entry.last_used) for key, entry in self._entries.items()]
        self._drop(to_evict(held, needed_bytes=needed_bytes, budget_bytes=self._budget_bytes))

    def _drop(self, keys: list[str]) -> None:
        for key in keys:
            del self._entries[key]
        self._note_ids()
        self._free_unused()

    def _note_ids(self) -> None:
        self._ids = tuple(dict.fromkeys(entry.checkpoint_id for entry in self._entries.values()))


def _key(ref: CheckpointRef) -> str:
    return ref.model_dump_json(exclude=_NOT_IN_MEMORY)
