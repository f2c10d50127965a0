"""What is to be seen in a picture: the background's colour, and each thing's colour, shape, place and size. Pure."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from sandbox.tiny_sdxl.world.palette import name_colour, to_lab
from sandbox.tiny_sdxl.world.renderer import coverage
from sandbox.tiny_sdxl.world.scene import CENTRES, CONCEPT, SHAPES

Bytes = NDArray[np.uint8]
Mask = NDArray[np.bool_]

_BORDER_PX: Final = 4
_STANDS_OUT: Final = 18.0  # Lab units from the background; the nearest two colours of the palette are 36 apart
_SMALLEST_PX: Final = 80  # the smallest thing that is ever drawn covers about 300
_FARTHEST_PX: Final = 15.0  # places are 32 apart
_FARTHEST_OUTLINE: Final = 0.2  # drawn things are 0.05 from their own shape, and at least 0.10 from every other


@dataclass(frozen=True)
class Seen:
    """One thing in a picture; None is "none of those the world knows". `centre` and `radius` in pixels."""

    colour: str | None
    shape: str | None
    place: str | None
    centre: tuple[float, float]
    radius: float


@dataclass(frozen=True)
class Sight:
    """A picture's background colour and its things, from left to right."""

    background: str | None
    things: tuple[Seen, ...]


@dataclass(frozen=True)
class Outline:
    """What is compared of a shape, whatever its size and place.

    `radii` (72,): the way from the centre to the outer contour in every direction, over their mean. `hole`: the share
    of the area within that contour which does not belong to the shape.
    """

    radii: NDArray[np.float64]
    hole: float

    def distance(self, other: "Outline") -> float:
        """Root mean square of the radii's differences, plus the difference of the holes."""
        return float(np.sqrt(np.mean((self.radii - other.radii) ** 2)) + abs(self.hole - other.hole))


_DIRECTIONS: Final = np.linspace(-np.pi, np.pi, 72, endpoint=False)


def outline(mask: Mask) -> Outline:
    """The outline of a region (height, width)."""
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = cv2.drawContours(np.zeros(mask.shape, np.uint8), contours, -1, 1, -1).astype(bool)
    ways = max(contours, key=len)[:, 0, :] - np.array(_centre(filled))
    angles, radii = np.arctan2(ways[:, 1], ways[:, 0]), np.hypot(ways[:, 0], ways[:, 1])
    order = np.argsort(angles)
    around = np.interp(_DIRECTIONS, angles[order], radii[order], period=2 * np.pi)
    return Outline(around / around.mean(), float(1 - mask.sum() / filled.sum()))


def _centre(mask: Mask) -> tuple[float, float]:
    rows, columns = np.nonzero(mask)
    return float(columns.mean()), float(rows.mean())


_OUTLINES: Final = {
    shape: outline(coverage(shape, (64.0, 64.0), 40.0) > 0.5)  # noqa: PLR2004 - half covered
    for shape in (*SHAPES, CONCEPT)
}
_AREA_OF_UNIT_RADIUS: Final = {
    shape: float(coverage(shape, (64.0, 64.0), 40.0).sum()) / 40.0**2 for shape in (*SHAPES, CONCEPT)
}


def match_shape(mask: Mask) -> tuple[str, float]:
    """The shape whose outline is nearest, and how far it is."""
    found = outline(mask)
    distances = {name: found.distance(one) for name, one in _OUTLINES.items()}
    nearest = min(distances, key=lambda name: distances[name])
    return nearest, distances[nearest]


def _place(centre: tuple[float, float]) -> str | None:
    distances = {name: float(np.hypot(centre[0] - x, centre[1] - y)) for name, (x, y) in CENTRES.items()}
    nearest = min(distances, key=lambda name: distances[name])
    return nearest if distances[nearest] <= _FARTHEST_PX else None


def background_rgb(picture: Bytes) -> Bytes:
    """The median colour of the picture's rim, (3,)."""
    rim = np.ones(picture.shape[:2], dtype=bool)
    rim[_BORDER_PX:-_BORDER_PX, _BORDER_PX:-_BORDER_PX] = False
    return np.asarray(np.median(picture[rim], axis=0), dtype=np.uint8)


def foreground(picture: Bytes) -> list[Mask]:
    """The connected regions that stand out from the background, largest first."""
    distance = np.linalg.norm(to_lab(picture) - to_lab(background_rgb(picture)), axis=2)
    stands_out = cv2.medianBlur((distance > _STANDS_OUT).astype(np.uint8), 3)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(stands_out, connectivity=8)
    areas = {n: int(stats[n, cv2.CC_STAT_AREA]) for n in range(1, count)}
    large = sorted((n for n, area in areas.items() if area >= _SMALLEST_PX), key=lambda n: -areas[n])
    return [np.asarray(labels == n) for n in large]


def region_rgb(picture: Bytes, mask: Mask) -> Bytes:
    """The median colour of a region without its blurred rim, (3,)."""
    inner = cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8), iterations=2).astype(bool)
    return np.asarray(np.median(picture[inner if inner.any() else mask], axis=0), dtype=np.uint8)


def _seen(picture: Bytes, mask: Mask) -> Seen:
    shape, distance = match_shape(mask)
    centre = _centre(mask)
    radius = float(np.sqrt(mask.sum() / _AREA_OF_UNIT_RADIUS[shape]))
    colour = name_colour(region_rgb(picture, mask))
    return Seen(colour, shape if distance <= _FARTHEST_OUTLINE else None, _place(centre), centre, radius)


def look(picture: Bytes) -> Sight:
    """See a picture (height, width, 3). Things of the background's colour cannot be seen."""
    things = sorted((_seen(picture, mask) for mask in foreground(picture)), key=lambda thing: thing.centre)
    return Sight(name_colour(background_rgb(picture)), tuple(things))


def edge_f1(found: Bytes, wanted: Bytes, *, tolerance_px: int = 2) -> float:
    """F1 of two edge maps (0 or 255): an edge counts as found if one of the other map is within the tolerance."""
    hits = [_share_near(found, wanted, tolerance_px), _share_near(wanted, found, tolerance_px)]
    return 2 * hits[0] * hits[1] / (hits[0] + hits[1]) if min(hits) > 0 else 0.0


def _share_near(these: Bytes, those: Bytes, tolerance_px: int) -> float:
    if not these.any() or not those.any():
        return 0.0
    distance = cv2.distanceTransform(np.where(those > 0, 0, 255).astype(np.uint8), cv2.DIST_L2, 5)
    return float((distance[these > 0] <= tolerance_px).mean())


def paleness(picture: Bytes) -> float:
    """Mean distance from full colour: 0 for pure colours and black, 1 for white (minimum over channels / 255)."""
    return float(picture.min(axis=2).mean() / 255.0)
