"""The aspect ratios on offer and the size in pixels that each means for a checkpoint. Pure."""

import math

from config.registry import Checkpoint

SQUARE = "1:1"
ASPECTS: dict[str, tuple[int, int]] = {
    SQUARE: (1, 1),
    "4:5": (4, 5),
    "5:4": (5, 4),
    "3:4": (3, 4),
    "4:3": (4, 3),
    "2:3": (2, 3),
    "3:2": (3, 2),
    "9:16": (9, 16),
    "16:9": (16, 9),
}

MIN_SIDE = 64
MAX_SIDE = 2048
_COARSE_GRID = 64  # the buckets that SDXL was trained on; models for small pictures need the finer grid
_FINE_GRID = 8
_COARSE_FROM = 512
_LEAST_SHARE = 4  # of the pixels that it draws best


def size_for(checkpoint: Checkpoint, aspect: str | None) -> tuple[int, int]:
    """(width, height) in pixels: the checkpoint's own size, or its pixel count in the shape of `aspect`.

    Sides are multiples of 64 for models that draw 512 pixels or more, else of 8; 1024 by 1024 gives SDXL's buckets.

    Raises:
        KeyError: for an aspect that is not in ASPECTS.
    """
    default = checkpoint.defaults
    if aspect is None:
        return default.width, default.height
    across, down = ASPECTS[aspect]
    pixels = min(default.width * default.height, checkpoint.limits.max_pixels)
    short, long = _sides(pixels, min(across, down) / max(across, down), grid=_grid(default.width, default.height))
    return (short, long) if across <= down else (long, short)


def size_like(checkpoint: Checkpoint, width: int, height: int) -> tuple[int, int]:
    """(width, height) in the shape of a picture, with as many pixels as the checkpoint draws best."""
    default = checkpoint.defaults
    pixels = min(default.width * default.height, checkpoint.limits.max_pixels)
    ratio = min(width, height) / max(width, height)
    short, long = _sides(pixels, ratio, grid=_grid(default.width, default.height))
    return (short, long) if width <= height else (long, short)


def size_kept(checkpoint: Checkpoint, width: int, height: int) -> tuple[int, int]:
    """A picture's own size in multiples of 8, unless the checkpoint would draw badly at it: then as `size_like`."""
    usual = checkpoint.defaults.width * checkpoint.defaults.height
    within = usual / _LEAST_SHARE <= width * height <= checkpoint.limits.max_pixels
    if not within or min(width, height) < MIN_SIDE or max(width, height) > MAX_SIDE:
        return size_like(checkpoint, width, height)
    return width // _FINE_GRID * _FINE_GRID, height // _FINE_GRID * _FINE_GRID


def _grid(width: int, height: int) -> int:
    return _COARSE_GRID if min(width, height) >= _COARSE_FROM else _FINE_GRID


def _sides(pixels: int, ratio: float, *, grid: int) -> tuple[int, int]:
    """Short and long side. No shape has more pixels than `pixels`, unless the smallest side there is demands it."""
    short = max(MIN_SIDE, round(math.sqrt(pixels * ratio) / grid) * grid)
    if short > MIN_SIDE and short * short > pixels:
        short -= grid
    room = pixels / short if short > MIN_SIDE else short / ratio
    return short, min(max(short, int(room / grid + 1e-9) * grid), MAX_SIDE)
