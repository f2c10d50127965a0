"""The loaded checkpoints."""

from collections.abc import Callable

from gpu_worker.cache.loading import Components, size_on_disk
from gpu_worker.cache.residents import Loaded, Residents
from gpu_worker.renderer import CheckpointFiles
from tasks.schema import CheckpointRef

_KIND = "checkpoint"
_NOT_IN_MEMORY = {
    "max_pixels",
    "limits",
    "prediction",
    "timestep_spacing",
    "zero_terminal_snr",
}  # they do not change what is loaded


class CheckpointCache:
    """Used on the lane's thread; `ids` and `peek` may be called from any."""

    def __init__(self, load: Callable[[CheckpointRef, CheckpointFiles], Components], residents: Residents) -> None:
        self._load = load
        self._residents = residents

    def ids(self) -> tuple[str, ...]:
        """Ids of what is loaded, as of the last change."""
        return self._residents.names(_KIND)

    def ensure(self, ref: CheckpointRef, files: CheckpointFiles) -> None:
        """Have the checkpoint loaded, now if it is not there yet; others make room."""

        def load() -> Loaded[Components]:
            components = self._load(ref, files)
            return Loaded(components, components.size_bytes, files)

        size = size_on_disk(files, variant=ref.variant)
        self._residents.ensure(_key(ref), kind=_KIND, name=ref.id, size_bytes=size, load=load)

    def get(self, ref: CheckpointRef) -> Components:
        """A checkpoint that is loaded, for a job that draws with it.

        Raises:
            KeyError: it is not.
        """
        components: Components = self._residents.use(_key(ref))
        return components

    def peek(self, ref: CheckpointRef) -> Components | None:
        """A checkpoint if it is loaded, from any thread; it does not count as used."""
        return self._residents.peek(_key(ref))


def _key(ref: CheckpointRef) -> str:
    return ref.model_dump_json(exclude=_NOT_IN_MEMORY)
