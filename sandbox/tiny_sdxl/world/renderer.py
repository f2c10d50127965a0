"""From a scene to a picture with its edge map and a depth-like map."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from sandbox.tiny_sdxl.world.palette import jittered, pastel
from sandbox.tiny_sdxl.world.scene import BIG_ALONE, CENTRES, RADII, SIZE_PX, Scene, Thing
from sandbox.tiny_sdxl.world.shapes import outlines

Bytes = NDArray[np.uint8]
Rgb = tuple[int, int, int]
USUAL_WANDER_PX: Final = 2.0
_OVERSAMPLING: Final = 4
_SHIFT: Final = 4  # sub-pixel bits of OpenCV's polygon filler


@dataclass(frozen=True)
class Drawn:
    """Where a thing came to lie: centre and radius in pixels, colour in RGB."""

    shape: str
    centre: tuple[float, float]
    radius: float
    rgb: tuple[int, int, int]


@dataclass(frozen=True)
class Layout:
    """A scene with every number decided; the same layout gives the same picture."""

    things: tuple[Drawn, ...]
    background: tuple[int, int, int]


@dataclass(frozen=True)
class Rendering:
    """`picture` (128, 128, 3) RGB; `edges` (128, 128) 0 or 255, one pixel thin; `depth` (128, 128), near is light."""

    picture: Bytes
    edges: Bytes
    depth: Bytes


def _place(
    thing: Thing, rng: np.random.Generator, *, alone: bool, wander_px: float
) -> tuple[tuple[float, float], float]:
    low, high = BIG_ALONE if alone and thing.size == "big" and thing.place == "centre" else RADII[thing.size]
    radius = float(rng.uniform(low, high))
    x, y = CENTRES[thing.place]
    dx, dy = rng.uniform(-wander_px, wander_px, 2)
    return (x + float(dx), y + float(dy)), radius


def lay_out(scene: Scene, rng: np.random.Generator, *, style: str = "", wander_px: float = USUAL_WANDER_PX) -> Layout:
    """Decide places, radii and colours. `style` is "" or "pastel"; things lie up to `wander_px` off their places."""
    tint: Callable[[Rgb], Rgb] = pastel if style == "pastel" else lambda rgb: rgb
    things = []
    for thing in scene.things:
        centre, radius = _place(thing, rng, alone=len(scene.things) == 1, wander_px=wander_px)
        things.append(Drawn(thing.shape, centre, radius, tint(jittered(thing.colour, rng))))
    return Layout(tuple(things), tint(jittered(scene.background, rng)))


def coverage(shape: str, centre: tuple[float, float], radius: float, *, size_px: int = SIZE_PX) -> NDArray[np.float32]:
    """How much of each pixel a shape covers, 0..1, (size_px, size_px)."""
    large = np.zeros((size_px * _OVERSAMPLING,) * 2, dtype=np.uint8)
    for depth, polygon in enumerate(outlines(shape, centre, radius)):
        points = np.round((polygon * _OVERSAMPLING - 0.5) * (1 << _SHIFT)).astype(np.int32)
        cv2.fillPoly(large, [points], 0 if depth else 255, shift=_SHIFT)
    small = cv2.resize(large, (size_px, size_px), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.float32) / 255.0


def find_edges(picture: Bytes) -> Bytes:
    """Thin edges of a picture, 0 or 255: Canny on each Lab channel, so that equally bright colours separate too."""
    lab = cv2.cvtColor(cv2.GaussianBlur(picture, (3, 3), 0.8), cv2.COLOR_RGB2LAB)
    found = np.zeros(picture.shape[:2], dtype=np.uint8)
    for channel in cv2.split(lab):
        found |= np.asarray(cv2.Canny(channel, 40, 100), dtype=np.uint8)
    return found


def paint(layout: Layout) -> Rendering:
    """Draw a layout, far things first."""
    picture = np.empty((SIZE_PX, SIZE_PX, 3), dtype=np.float32)
    picture[:] = layout.background
    depth = np.full((SIZE_PX, SIZE_PX), 30.0, dtype=np.float32)
    for thing in layout.things:
        cover = coverage(thing.shape, thing.centre, thing.radius)
        picture += cover[..., None] * (np.array(thing.rgb, dtype=np.float32) - picture)
        # Larger means nearer: the only cue to depth that a flat world has.
        depth += cover * (min(255.0, 60.0 + 4.5 * thing.radius) - depth)
    rgb = np.round(picture).astype(np.uint8)
    return Rendering(rgb, find_edges(rgb), np.round(depth).astype(np.uint8))


def render(scene: Scene, seed: int, *, style: str = "", wander_px: float = USUAL_WANDER_PX) -> Rendering:
    """Scene and seed to picture; the same two give the same bytes."""
    return paint(lay_out(scene, np.random.default_rng(seed), style=style, wander_px=wander_px))
