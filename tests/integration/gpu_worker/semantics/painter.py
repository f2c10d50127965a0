"""The worker's own renderer with the trained tiny SDXL, and measures of what it drew."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from config.registry import Weights
from gpu_worker.weights.fetcher import WeightsFetcher
from sandbox.tiny_sdxl.evaluation.agreement import score
from sandbox.tiny_sdxl.world.captions import read
from sandbox.tiny_sdxl.world.measures import look
from sandbox.tiny_sdxl.world.renderer import render
from sandbox.tiny_sdxl.world.scene import Scene, Thing
from tasks.schema import CheckpointRef, ControlRef, JobSpec, LoraRef
from tests import specs
from tests.tiny_room import Room, input_ref

DRAWN = Path(__file__).parents[4] / "sandbox" / "weights" / "drawn"
SENTENCE = "a red star on a blue background"
USUAL: dict[str, Any] = {
    "prompt": SENTENCE,
    "num_inference_steps": 16,
    "guidance_scale": 4.0,
    "seeds": (1, 2, 3, 4),
    "width": 128,
    "height": 128,
}

Pixels = NDArray[np.uint8]
Pictures = list[Pixels]


def trained_ref() -> CheckpointRef:
    """The checkpoint `shapes` of the sandbox's registry."""
    return CheckpointRef(
        id="shapes",
        format="folder",
        weights=Weights(source=f"file:{DRAWN / 'tiny-sdxl'}"),
        prediction="v_prediction",
        timestep_spacing="trailing",
        max_pixels=256 * 256,
    )


def lora(name: str, weight: float, **changes: Any) -> LoraRef:
    """One of the trained LoRAs."""
    weights = Weights(source=f"file:{DRAWN / 'loras'}", file=f"{name}.safetensors")
    return specs.lora(id=name, weights=weights, weight=weight, **changes)


def edges(image: Image.Image, **changes: Any) -> ControlRef:
    """The trained ControlNet on the edges of a picture."""
    weights = Weights(source=f"file:{DRAWN / 'tiny-sdxl-canny'}")
    return specs.control(id="edges", weights=weights, kind="canny", image=input_ref(image), **changes)


def scene(*things: Thing, background: str = "white", seed: int = 1) -> Image.Image:
    """A rendered picture to begin with."""
    return Image.fromarray(render(Scene(things, background), seed).picture)


@dataclass
class Painter:
    """Draws what is ordered, with the usual values where none are given."""

    room: Room
    fetcher: WeightsFetcher

    def draw(self, order: JobSpec, *at_hand: Image.Image) -> Pictures:
        """Pictures (height, width, 3); `at_hand` are those that the order names."""
        self.room.at_hand = list(at_hand)
        return [np.frombuffer(one.rgb, np.uint8).reshape(one.height, one.width, 3) for one in self.room.draw(order)]

    def with_checkpoint(self, ref: CheckpointRef) -> "Painter":
        """The same with another checkpoint."""
        self.room.renderer.load(ref, self.fetcher.checkpoint(ref))
        return replace(self, room=replace(self.room, ref=ref))

    def words(self, **changes: Any) -> Pictures:
        """From words alone."""
        return self.draw(specs.tiny_spec(**(USUAL | changes)))


def share_right(sentence: str, pictures: Pictures) -> float:
    """How many of the pictures show all that the sentence says."""
    return float(np.mean([score(read(sentence), look(picture)).right for picture in pictures]))


def shown(word: str, pictures: Sequence[Pixels]) -> int:
    """In how many pictures a colour or a shape is to be seen."""
    return sum(any(word in (thing.colour, thing.shape) for thing in look(picture).things) for picture in pictures)


def distance(one: Any, other: Any) -> float:
    """Mean difference of two pictures, 0..255."""
    return float(np.abs(np.asarray(one, np.float32) - np.asarray(other, np.float32)).mean())
