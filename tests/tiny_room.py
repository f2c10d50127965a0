"""A renderer with the tiny checkpoint loaded, and pictures to begin with."""

import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from gpu_worker.renderer import Drawing, Materials, Picture, StepListener
from tasks.schema import CheckpointRef, InputRef, JobSpec

if TYPE_CHECKING:
    from gpu_worker.diffusers_renderer import DiffusersRenderer


def gradient(size: tuple[int, int] = (64, 64)) -> Image.Image:
    """A picture with something to see everywhere."""
    ramp = Image.linear_gradient("L").resize(size)
    circle = Image.radial_gradient("L").resize(size)
    return Image.merge("RGB", (ramp, ramp.transpose(Image.Transpose.ROTATE_180), circle))


def half_mask(size: tuple[int, int] = (64, 64)) -> Image.Image:
    """White on the right half: there it is drawn again."""
    mask = Image.new("L", size)
    mask.paste(255, (size[0] // 2, 0, size[0], size[1]))
    return mask


def png(image: Image.Image) -> bytes:
    """Its bytes, as a member would send them."""
    file = io.BytesIO()
    image.save(file, format="PNG")
    return file.getvalue()


def input_ref(image: Image.Image) -> InputRef:
    """How an order names it."""
    return InputRef(sha256=hashlib.sha256(png(image)).hexdigest(), width=image.width, height=image.height)


def silent(_step: int, _steps: int) -> None:
    """Nobody watches."""


@dataclass
class Room:
    """Draws what is ordered; `at_hand` are the pictures that orders may name."""

    renderer: "DiffusersRenderer"
    ref: CheckpointRef
    at_hand: list[Image.Image] = field(default_factory=lambda: [gradient(), half_mask()])
    loras: Mapping[str, Path] = field(default_factory=dict)
    controlnets: Mapping[str, Path] = field(default_factory=dict)
    annotators: Mapping[str, Sequence[Path]] = field(default_factory=dict)

    def drawing(self, order: JobSpec, on_step: StepListener = silent) -> Drawing:
        """Pictures and maps."""
        spec = order.model_copy(update={"checkpoint": self.ref})
        return self.renderer.draw(spec, on_step, self.materials())

    def materials(self) -> Materials:
        """All that is at hand."""
        inputs = {input_ref(image).sha256: image for image in self.at_hand}
        return Materials(inputs, self.loras, self.controlnets, self.annotators)

    def draw(self, order: JobSpec, on_step: StepListener = silent) -> list[Picture]:
        """The pictures alone."""
        return self.drawing(order, on_step).pictures

    def image(self, order: JobSpec) -> Image.Image:
        """The first picture, to look into."""
        first = self.draw(order)[0]
        return Image.frombytes("RGB", (first.width, first.height), first.rgb)
