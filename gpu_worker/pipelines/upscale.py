"""A picture twice or four times as large: Lanczos, then each tile is drawn again a little, for detail.

A tile is drawn as if it were a picture. So that it stays the part that it is, it is drawn without the words for the
whole, and only a little (`UpscaleSpec.words` and `strength`), unless a tile ControlNet holds it.
"""

from typing import Any

import cv2
import numpy as np
import torch
from PIL import Image

from gpu_worker.pipelines import pixels, tiles
from gpu_worker.pipelines.image_to_image import CLASSES
from gpu_worker.pipelines.sampling import Sampling
from gpu_worker.pipelines.tiles import Tile
from gpu_worker.renderer import Materials, Picture
from tasks.schema import UpscaleSpec

_Pixels = np.ndarray[Any, np.dtype[np.float32]]  # height x width x channels, in 0..1


def draw(spec: UpscaleSpec, sampling: Sampling, materials: Materials) -> list[Picture]:
    """The pictures, one per seed, in order. With detail 0 it is Lanczos alone."""
    large = pixels.fitted(pixels.as_picture(materials.inputs[spec.image.sha256]), (spec.width, spec.height))
    if spec.steps_per_image == 0:
        return [pixels.of_image(large, seed) for seed in spec.seeds]
    cut = tiles.cut(spec.width, spec.height, tile=spec.tile)
    sampling.passes = len(cut) * spec.num_images
    return [_refined(large, cut, seed, spec, sampling) for seed in spec.seeds]


def _refined(large: Image.Image, cut: list[Tile], seed: int, spec: UpscaleSpec, sampling: Sampling) -> Picture:
    """One generator for all tiles: the same noise in each would show as a pattern."""
    generator = sampling.generator(seed)
    total = np.zeros((spec.height, spec.width, 3), np.float32)
    weights = np.zeros((spec.height, spec.width, 1), np.float32)
    for tile in cut:
        drawn = _draw_tile(large, tile, generator, spec, sampling)
        share = _share(tile, spec)
        area = (slice(tile.top, tile.bottom), slice(tile.left, tile.right))
        total[area] += drawn * share
        weights[area] += share
    whole = _coloured_as(large, total / weights, spec.factor)
    return pixels.of_tensor(torch.from_numpy(whole).permute(2, 0, 1).clamp(0, 1), seed)


def _coloured_as(large: Image.Image, drawn: _Pixels, factor: int) -> _Pixels:
    """With its colours, which drift a little in each tile: what is coarser than two given pixels is as it was given."""
    given = np.asarray(large, np.float32) / 255
    return drawn + np.asarray(cv2.GaussianBlur(given - drawn, (0, 0), 2.0 * factor), np.float32)


def _draw_tile(
    large: Image.Image, tile: Tile, generator: torch.Generator, spec: UpscaleSpec, sampling: Sampling
) -> _Pixels:
    """A tile that is no multiple of 8 is drawn with a border, which is cut off again."""
    width, height = tile.size
    padded = pixels.padded(large.crop(tile.box))
    drawn = sampling.run(CLASSES, generator, box=tile.box, image=padded, strength=sampling.strength(spec.strength))
    array: _Pixels = drawn.permute(1, 2, 0).float().cpu().numpy()
    return array[:height, :width]


def _share(tile: Tile, spec: UpscaleSpec) -> _Pixels:
    """Height x width x 1: 1 inside, fading towards each neighbour."""
    width, height = tile.size
    fade = max(1, round(spec.tile * tiles.OVERLAP))
    across = tiles.ramp(width, fades_in=tile.left > 0, fades_out=tile.right < spec.width, fade=fade)
    down = tiles.ramp(height, fades_in=tile.top > 0, fades_out=tile.bottom < spec.height, fade=fade)
    return np.outer(np.array(down, np.float32), np.array(across, np.float32))[:, :, None]
