"""The colours of the small world, and which of them a measured colour is."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

PALETTE: Final[dict[str, tuple[int, int, int]]] = {
    "red": (222, 36, 40),
    "orange": (255, 138, 20),
    "yellow": (250, 224, 40),
    "green": (36, 160, 70),
    "blue": (40, 80, 220),
    "purple": (138, 50, 176),
    "pink": (248, 140, 190),
    "white": (245, 245, 245),
    "black": (24, 24, 26),
}
COLOURS: Final = tuple(PALETTE)
# Hand-made jitter of the renderer moves a colour by about 4 Lab units; the nearest two of the palette are 36 apart.
FARTHEST_MATCH: Final = 25.0


def to_lab(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """CIE Lab (L 0..100) of RGB bytes; any leading shape, last axis 3."""
    flat = np.ascontiguousarray(rgb, dtype=np.float32).reshape(-1, 1, 3) / 255.0
    lab: NDArray[np.float32] = np.asarray(cv2.cvtColor(flat, cv2.COLOR_RGB2LAB), dtype=np.float32)
    return lab.reshape(rgb.shape)


_LAB = to_lab(np.array(list(PALETTE.values()), dtype=np.uint8))


def name_colour(rgb: NDArray[np.uint8]) -> str | None:
    """The palette's name of one RGB colour (shape (3,)), or None if nothing of the palette is near."""
    distances = np.linalg.norm(_LAB - to_lab(rgb), axis=1)
    nearest = int(distances.argmin())
    return COLOURS[nearest] if distances[nearest] <= FARTHEST_MATCH else None


def jittered(colour: str, rng: np.random.Generator) -> tuple[int, int, int]:
    """The colour, moved a little: no two pictures of one sentence are the same."""
    moved = np.clip(np.array(PALETTE[colour]) + rng.integers(-6, 7, 3), 0, 255)
    return int(moved[0]), int(moved[1]), int(moved[2])


def pastel(rgb: tuple[int, int, int]) -> tuple[int, int, int]:
    """The style of one LoRA: half of the way to white."""
    return (rgb[0] + 255) // 2, (rgb[1] + 255) // 2, (rgb[2] + 255) // 2
