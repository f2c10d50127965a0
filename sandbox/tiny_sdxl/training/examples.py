"""Small sets of (latent, edge map, caption) for the stages after the base, made once and kept on disk."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sandbox.tiny_sdxl.training.latents import encode
from sandbox.tiny_sdxl.training.loop import save_whole
from sandbox.tiny_sdxl.training.scenes import caption_ids
from sandbox.tiny_sdxl.world.renderer import USUAL_WANDER_PX, render
from sandbox.tiny_sdxl.world.scene import SHAPES, Scene, draw_scene

_BATCH = 50


@dataclass(frozen=True)
class Recipe:
    """What is drawn, and how it is described. `write(scene, rng)` gives a caption."""

    name: str
    count: int
    seed: int
    write: Callable[[Scene, np.random.Generator], str]
    shapes: tuple[str, ...] = SHAPES
    style: str = ""
    wander_px: float = USUAL_WANDER_PX


@dataclass(frozen=True)
class Examples:
    """`latents` (n, 4, 16, 16) in fp16, `edges` (n, 128, 128) as bool, `ids` (n, 77)."""

    latents: Tensor
    edges: Tensor
    ids: Tensor

    def __len__(self) -> int:
        return len(self.latents)


def examples(recipe: Recipe, vae: Any, tokenizer: Any, work: Path) -> Examples:
    """The recipe's examples, from disk if they are there."""
    path = work / recipe.name / "examples.pt"
    if not path.exists():
        save_whole(_drawn(recipe, vae, tokenizer), path)
    return Examples(**torch.load(path, weights_only=True))


def _drawn(recipe: Recipe, vae: Any, tokenizer: Any) -> dict[str, Tensor]:
    rng = np.random.default_rng(recipe.seed)
    scenes = [draw_scene(rng, shapes=recipe.shapes) for _ in range(recipe.count)]
    drawn = [
        render(scene, recipe.seed + n, style=recipe.style, wander_px=recipe.wander_px) for n, scene in enumerate(scenes)
    ]
    pictures = [one.picture for one in drawn]
    latents = [encode(vae, pictures[n : n + _BATCH]).half() for n in range(0, len(pictures), _BATCH)]
    edges = torch.from_numpy(np.stack([one.edges for one in drawn])) > 0
    captions = [recipe.write(scene, rng) for scene in scenes]
    return {"latents": torch.cat(latents), "edges": edges, "ids": caption_ids(tokenizer, captions)}
