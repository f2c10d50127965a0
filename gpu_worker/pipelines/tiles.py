"""How a large picture is cut into tiles that overlap, and how strongly each counts where they do. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

OVERLAP = 1 / 8


@dataclass(frozen=True)
class Tile:
    """A rectangle in pixels, `right` and `bottom` exclusive."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def box(self) -> tuple[int, int, int, int]:
        """As PIL takes it."""
        return (self.left, self.top, self.right, self.bottom)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return (self.right - self.left, self.bottom - self.top)


def cut(width: int, height: int, *, tile: int) -> list[Tile]:
    """Tiles of at most `tile` a side, row by row; neighbours share at least an eighth of a side."""
    return [
        Tile(left, top, right, bottom) for top, bottom in _spans(height, tile) for left, right in _spans(width, tile)
    ]


def ramp(length: int, *, fades_in: bool, fades_out: bool, fade: int) -> list[float]:
    """Weights along one side: up to 1 over `fade` pixels where another tile lies before, down where one follows."""
    weights = [1.0] * length
    for position in range(min(fade, length)):
        share = (position + 1) / (fade + 1)
        if fades_in:
            weights[position] = min(weights[position], share)
        if fades_out:
            weights[length - 1 - position] = min(weights[length - 1 - position], share)
    return weights


def _spans(length: int, tile: int) -> Iterator[tuple[int, int]]:
    if length <= tile:
        yield 0, length
        return
    step = tile - max(1, round(tile * OVERLAP))
    count = -(-(length - tile) // step) + 1
    for number in range(count):
        begin = round(number * (length - tile) / (count - 1))
        yield begin, begin + tile
