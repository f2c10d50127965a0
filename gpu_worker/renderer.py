"""The port to whatever draws: the Celery side knows this, and only the lane's thread imports what stands behind it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from PIL import Image

from tasks.schema import CheckpointRef, JobSpec


@dataclass(frozen=True)
class Picture:
    """Raw pixels: `rgb` holds height rows of width pixels of three bytes each.

    `adult` is the safety checker's verdict; None where none has looked.
    """

    seed: int
    width: int
    height: int
    rgb: bytes
    adult: bool | None = None


@dataclass(frozen=True)
class CheckpointFiles:
    """Where a checkpoint's parts are on this machine's disk.

    `weights` is a diffusers folder or one `.safetensors` file; `config` is the diffusers folder without weights that
    a single file needs; `vae` is a folder or a file. The files stay on disk as long as this object, or a copy of its
    `pins`, is held.
    """

    weights: Path
    config: Path | None = None
    vae: Path | None = None
    fused_lora: Path | None = None
    pins: tuple[object, ...] = field(default=(), repr=False, compare=False)


@dataclass(frozen=True)
class Materials:
    """What a spec refers to beside its checkpoint, on this machine.

    `inputs` are decoded pictures by their sha256 (masks too, as they came); `loras`, `controlnets` and `annotators` are
    checked files and folders by the ids of their references, the annotators' in the order of the reference; `safety` is
    the safety checker's folder.
    """

    inputs: Mapping[str, Image.Image] = field(default_factory=dict)
    loras: Mapping[str, Path] = field(default_factory=dict)
    controlnets: Mapping[str, Path] = field(default_factory=dict)
    annotators: Mapping[str, Sequence[Path]] = field(default_factory=dict)
    safety: Path | None = None


NOTHING = Materials()


@dataclass(frozen=True)
class Drawing:
    """The pictures of a spec, one per seed and in order, and the maps that its ControlNets followed, if asked for."""

    pictures: list[Picture]
    maps: list[Picture] = field(default_factory=list)


@dataclass(frozen=True)
class DeviceState:
    """The device as the heartbeat shows it; memory in GB (10^9 bytes)."""

    name: str
    is_cpu: bool
    memory_total_gb: float = 0.0
    memory_used_gb: float = 0.0


class NoDevice(Exception):  # noqa: N818 - reads as the sentence "except NoDevice"
    """The GPU that a worker is for cannot be used; the text says why and what helps."""


# Called with (step, steps) on the lane's thread after each step; what it raises stops the drawing at once.
StepListener = Callable[[int, int], None]
# Called with a small picture of what is being drawn, on the lane's thread, twice a job.
PreviewListener = Callable[[Picture], None]


def unseen(_picture: Picture) -> None:
    """Nobody looks."""


class Renderer(Protocol):
    """Owns the device. `load` and `draw` are called on the lane's thread only, the others on any."""

    def loaded(self) -> tuple[str, ...]:
        """Ids of the checkpoints in memory."""

    def controlnets(self) -> tuple[str, ...]:
        """Ids of the ControlNets in memory."""

    def device(self) -> DeviceState:
        """What the device is and how full it is."""

    def load(self, checkpoint: CheckpointRef, files: CheckpointFiles) -> None:
        """Have a checkpoint in memory, making room if need be.

        Raises:
            WeightsError: its files are broken.
            DeviceError: it does not fit, or the device failed.
        """

    def prepare(self, spec: JobSpec, materials: Materials = NOTHING) -> None:
        """Do what can be done for a spec while another one is drawn: maps, prompts. On any thread; a favour.

        Raises:
            BadSpec: the spec cannot be drawn here.
            WeightsError: what makes a map is broken.
        """

    def draw(
        self,
        spec: JobSpec,
        on_step: StepListener,
        materials: Materials = NOTHING,
        *,
        on_preview: PreviewListener = unseen,
    ) -> Drawing:
        """What a spec orders, whose checkpoint is loaded and whose `materials` are at hand.

        Raises:
            BadSpec: the spec cannot be drawn here.
            WeightsError: a LoRA or ControlNet is broken, or of another family than the checkpoint; the safety checker
                is broken.
            DeviceError: out of memory, or the device failed.
        """
