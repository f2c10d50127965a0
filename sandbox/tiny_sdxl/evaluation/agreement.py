"""How well a picture agrees with a sentence: colour, shape, place and size of each thing, and the background. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

from sandbox.tiny_sdxl.world.measures import Seen, Sight
from sandbox.tiny_sdxl.world.scene import BIG_ALONE, RADII, Scene, Thing

ASPECTS = ("colour", "shape", "position", "size")


@dataclass(frozen=True)
class Score:
    """`things` holds, per thing asked for, which of ASPECTS are right; `count`: as many are seen as asked for."""

    things: tuple[Mapping[str, bool], ...]
    background: bool
    count: bool

    @property
    def right(self) -> bool:
        """Whether all is as the sentence says (sizes aside)."""
        aspects = all(thing[name] for thing in self.things for name in ("colour", "shape", "position"))
        return aspects and self.background and self.count


def _size_fits(wanted: Thing, seen: Seen) -> bool:
    low, high = RADII[wanted.size]
    if wanted.size == "big":
        high = BIG_ALONE[1]
    return low - 2.5 <= seen.radius <= high + 2.5  # half of the gap between two sizes


def _thing(wanted: Thing, seen: Seen | None) -> dict[str, bool]:
    if seen is None:
        return dict.fromkeys(ASPECTS, False)
    return {
        "colour": seen.colour is not None and wanted.colour in ("", seen.colour),
        "shape": seen.shape is not None and wanted.shape in ("", seen.shape),
        "position": seen.place == wanted.place,
        "size": _size_fits(wanted, seen),
    }


def score(wanted: Scene, sight: Sight) -> Score:
    """Things are paired with what is seen so that as much as possible agrees."""
    seen: list[Seen | None] = [*sight.things[:4], *(None,) * len(wanted.things)]
    pairings = [
        tuple(_thing(thing, one) for thing, one in zip(wanted.things, order, strict=True))
        for order in permutations(seen, len(wanted.things))
    ]
    best = max(pairings, key=lambda things: sum(sum(thing.values()) for thing in things))
    return Score(best, sight.background == wanted.background, len(sight.things) == len(wanted.things))


def _share(values: Iterable[bool]) -> float:
    listed = list(values)
    return round(sum(listed) / len(listed), 4) if listed else 0.0


def shares(scores: Sequence[Score]) -> dict[str, float]:
    """Per aspect the share of things, and per picture the shares of right backgrounds, counts and whole pictures."""
    things = [thing for one in scores for thing in one.things]
    return {
        **{name: _share(thing[name] for thing in things) for name in ASPECTS},
        "background": _share(one.background for one in scores),
        "count": _share(one.count for one in scores),
        "all": _share(one.right for one in scores),
    }
