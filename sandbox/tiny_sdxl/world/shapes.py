"""Geometry: each shape's outlines in units of its radius, y downwards."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Polygon = NDArray[np.float64]


def _regular(corners: int, radius: float, start_deg: float = -90.0) -> Polygon:
    angles = np.deg2rad(start_deg + 360.0 * np.arange(corners) / corners)
    return radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _star() -> Polygon:
    outer, inner = _regular(5, 1.22), _regular(5, 0.54, -54.0)
    points = np.empty((10, 2))
    points[0::2], points[1::2] = outer, inner
    points += np.array([0.0, 0.08])
    return points


def _cross() -> Polygon:
    arm, half = 1.02, 0.36
    xs = [-half, half, half, arm, arm, half, half, -half, -half, -arm, -arm, -half]
    ys = [-arm, -arm, -half, -half, half, half, arm, arm, half, half, -half, -half]
    return np.array([xs, ys], dtype=np.float64).T


def _heart() -> Polygon:
    t = np.linspace(0.0, 2 * np.pi, 72, endpoint=False)
    x = 16 * np.sin(t) ** 3
    y = -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t))
    return np.stack([x, y - 2.5], axis=1) / 15.0


# Outer outline first, then holes.
OUTLINES: Final[dict[str, tuple[Polygon, ...]]] = {
    "circle": (_regular(72, 1.0),),
    "square": (_regular(4, 1.27, -45.0),),
    "triangle": (_regular(3, 1.3) + np.array([0.0, 0.28]),),
    "star": (_star(),),
    "ring": (_regular(72, 1.05), _regular(72, 0.55)),
    "cross": (_cross(),),
    "heart": (_heart(),),
}


def outlines(shape: str, centre: tuple[float, float], radius: float) -> tuple[Polygon, ...]:
    """A shape's polygons in pixels, each (points, 2) as x, y."""
    return tuple(polygon * radius + centre for polygon in OUTLINES[shape])
