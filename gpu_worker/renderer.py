"""The port to whatever draws: the Celery side knows this, and only the lane's thread imports what stands behind it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from tasks.schema import CheckpointRef, JobSpec


@dataclass(frozen=True)
class Picture:
    """Raw pixels: `rgb` holds height rows of width pixels of three bytes each."""

    seed: int
    width: int
    height: int
    rgb: bytes


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
class DeviceState:
    """The device as the heartbeat shows it; memory in GB (10^9 bytes)."""

    name: str
    is_cpu: bool
    memory_total_gb: float = 0.0
    memory_used_gb: float = 0.0


# Called with (step, steps) on the lane's thread after each step; what it raises stops the drawing at once.
StepListener = Callable[[int, int], None]


class Renderer(Protocol):
    """Owns the device. `load` and `draw` are called on the lane's thread only, the others on any."""

    def loaded(self) -> tuple[str, ...]:
        """Ids of the checkpoints in memory."""

    def device(self) -> DeviceState:
        """What the device is and how full it is."""

    def load(self, checkpoint: CheckpointRef, files: CheckpointFiles) -> None:
        """Have a checkpoint in memory, making room if need be.

        Raises:
            WeightsError: its files are broken.
            DeviceError: it does not fit, or the device failed.
        """

    def draw(self, spec: JobSpec, on_step: StepListener) -> list[Picture]:
        """The pictures of a spec whose checkpoint is loaded, one per seed, in order.

        Raises:
            BadSpec: the spec cannot be drawn here.
            DeviceError: out of memory, or the device failed.
        """
