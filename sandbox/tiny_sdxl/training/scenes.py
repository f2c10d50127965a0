"""The training scenes by number: any stage can draw scene n again, with the same picture."""

from typing import Final

import numpy as np
import torch
from torch import Tensor

from sandbox.tiny_sdxl.training.settings import Settings
from sandbox.tiny_sdxl.world.captions import write_training
from sandbox.tiny_sdxl.world.renderer import Rendering, render
from sandbox.tiny_sdxl.world.scene import SHAPES, Scene, draw_scene

_SEED: Final = 20_000_000


def scene_by_number(number: int, shapes: tuple[str, ...] = SHAPES) -> Scene:
    """Scene `number` of the training part."""
    return draw_scene(np.random.default_rng([_SEED, number]), shapes=shapes)


def rendering(number: int, *, shapes: tuple[str, ...] = SHAPES, style: str = "") -> Rendering:
    """The picture of scene `number`."""
    return render(scene_by_number(number, shapes), _SEED + number, style=style)


def sentences(number: int, count: int, shapes: tuple[str, ...] = SHAPES) -> list[str]:
    """Some training sentences for scene `number`."""
    rng = np.random.default_rng([_SEED, number, 1])
    scene = scene_by_number(number, shapes)
    return [write_training(scene, rng) for _ in range(count)]


def caption_ids(tokenizer: object, captions: list[str]) -> Tensor:
    """Token ids (n, 77)."""
    ids = tokenizer(captions, padding="max_length", truncation=True, max_length=77).input_ids  # type: ignore[operator]
    return torch.tensor(ids, dtype=torch.int64)


def all_caption_ids(tokenizer: object, settings: Settings) -> Tensor:
    """Token ids of every scene's sentences, (scenes, captions_per_scene, 77)."""
    count = settings.captions_per_scene
    captions = [line for number in range(settings.scenes) for line in sentences(number, count)]
    return caption_ids(tokenizer, captions).view(settings.scenes, count, -1)
