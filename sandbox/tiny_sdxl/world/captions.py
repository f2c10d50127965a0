"""Plain sentences about scenes: written with a few templates, and read back."""

import re
from dataclasses import replace
from typing import Final

import numpy as np

from sandbox.tiny_sdxl.world.palette import COLOURS
from sandbox.tiny_sdxl.world.scene import CONCEPT, SHAPES, Scene, Thing

WHERE: Final = {
    "left": "on the left",
    "right": "on the right",
    "top": "at the top",
    "bottom": "at the bottom",
    "centre": "in the centre",
}
ANY_SHAPE: Final = "shape"  # what a sentence says that leaves the shape open
UNSAID: Final = "?"  # what a fragment says nothing of
FILLERS: Final = ("a picture of", "a drawing of", "a photo of", "an image of", "please draw")
# How often which liberty is taken; the last four divide the numbers from 0 to 1.
_OPEN_SHARE: Final = 0.3
_SILENT_WHITE_SHARE: Final = 0.3
_ON_SHARE: Final = 0.7
_REVERSED_SHARE: Final = 0.5
_FRAGMENTS_UP_TO, _LOOSE_UP_TO, _STRAY_FROM, _FILLED_FROM = 0.12, 0.34, 0.90, 0.95
_FRAGMENTS: Final = (("colour",), ("shape",), ("shape",), ("colour", "shape"), ("background",))
_SPARE: Final = "no with style colours medium tiny large very nice beautiful plain grey cyan"
_PLACE_OF: Final = {
    **{phrase: place for place, phrase in WHERE.items()},
    "in the middle": "centre",
    "in the center": "centre",
}
_THING = re.compile(
    r"an? (?:(?P<size>small|big) )?(?:(?P<colour>{colours}) )?(?P<shape>{shapes})(?: (?P<where>{places}))?".format(
        colours="|".join(COLOURS),
        shapes="|".join((*SHAPES, CONCEPT, ANY_SHAPE)),
        places="|".join(_PLACE_OF),
    ),
)
_BACKGROUND = re.compile(r"(?:, | on an? )(?P<colour>{}) background$".format("|".join(COLOURS)))


class UnreadableCaptionError(ValueError):
    """A sentence that the small world's grammar does not know."""

    def __init__(self, caption: str) -> None:
        self.caption = caption
        super().__init__(
            f"cannot read {caption!r}: write for example 'a big red star on the left on a blue background'"
        )


def _article(words: str) -> str:
    return ("an " if words[:1] in "aeiou" else "a ") + words


def phrase(thing: Thing, *, place: bool) -> str:
    """A thing with its article, size, colour, shape and, if asked, place."""
    words = " ".join(word for word in (thing.size, thing.colour, thing.shape) if word)
    return _article(words) + (f" {WHERE[thing.place]}" if place else "")


def _loose(thing: Thing, rng: np.random.Generator) -> Thing:
    """Now and then leave a colour or a shape open, so that the model knows what its absence means."""
    if rng.random() < _OPEN_SHARE:
        thing = replace(thing, colour="")
    if rng.random() < _OPEN_SHARE:
        thing = replace(thing, shape=ANY_SHAPE)
    return thing


def loosen(scene: Scene, rng: np.random.Generator) -> Scene:
    """The scene with some of its things' colours and shapes left open."""
    return replace(scene, things=tuple(_loose(thing, rng) for thing in scene.things))


def _background(background: str, rng: np.random.Generator) -> str:
    if background == "white" and rng.random() < _SILENT_WHITE_SHARE:
        return ""  # a sentence that says nothing of the background means white
    return f" on {_article(background)} background" if rng.random() < _ON_SHARE else f", {background} background"


def write(scene: Scene, rng: np.random.Generator) -> str:
    """A full sentence: everything that it names is in the scene, and what it leaves out has its usual value."""
    alone = len(scene.things) == 1
    things = list(scene.things)
    if not alone and rng.random() < _REVERSED_SHARE:
        things.reverse()
    # "a star and a ring" without places means left and right, in this order.
    usual = things[0].place == ("centre" if alone else "left")
    silent = usual and rng.random() < (0.7 if alone else 0.3)
    parts = [phrase(thing, place=not silent) for thing in things]
    return " and ".join(parts) + _background(scene.background, rng)


def write_placeless(scene: Scene, rng: np.random.Generator) -> str:
    """A sentence that says nothing of places: a control map does."""
    return " and ".join(phrase(thing, place=False) for thing in scene.things) + _background(scene.background, rng)


def write_training(scene: Scene, rng: np.random.Generator) -> str:
    """A sentence for training."""
    return tell(scene, rng)[0]


def tell(scene: Scene, rng: np.random.Generator) -> tuple[str, Scene]:
    """A sentence for training, and what it says: all, somewhat less, or (for negative prompts) only a fragment.

    A few have a filler in front or a word that means nothing.
    """
    roll = rng.random()
    if roll < _FRAGMENTS_UP_TO:
        return fragment(scene, rng)
    if roll < _LOOSE_UP_TO:
        scene = loosen(scene, rng)
    sentence = write(scene, rng)
    if roll > _FILLED_FROM:
        return f"{FILLERS[int(rng.integers(len(FILLERS)))]} {sentence}", scene
    return (_with_stray_word(sentence, rng) if roll > _STRAY_FROM else sentence), scene


def _with_stray_word(sentence: str, rng: np.random.Generator) -> str:
    """The sentence with a word that means nothing: people's sentences have more words than ours."""
    words = sentence.split()
    letters = rng.integers(ord("a"), ord("z") + 1, int(rng.integers(3, 9)))
    words.insert(int(rng.integers(len(words))), "".join(map(chr, letters)))
    return " ".join(words)


def fragment(scene: Scene, rng: np.random.Generator) -> tuple[str, Scene]:
    """One or two words that are true of the scene, as people write them into a negative prompt, and what they say."""
    kind = _FRAGMENTS[int(rng.integers(len(_FRAGMENTS)))]
    nothing = Thing(UNSAID, UNSAID, UNSAID, UNSAID)
    if kind == ("background",):
        return f"{scene.background} background", Scene((nothing,), scene.background)
    thing = scene.things[int(rng.integers(len(scene.things)))]
    words = {name: getattr(thing, name) for name in kind}
    return " ".join(words.values()), Scene((replace(nothing, **words),), UNSAID)


def read(caption: str) -> Scene:
    """The scene that a full sentence asks for. Raises UnreadableCaptionError."""
    found = _BACKGROUND.search(caption)
    background = found["colour"] if found else "white"
    body = caption[: found.start()] if found else caption
    matches = [_THING.fullmatch(part) for part in body.split(" and ")]
    usual = ("centre",) if len(matches) == 1 else ("left", "right")
    things = []
    for match, place in zip(matches, usual, strict=False):
        if match is None:
            raise UnreadableCaptionError(caption)
        where = _PLACE_OF[match["where"]] if match["where"] else place
        shape = "" if match["shape"] == ANY_SHAPE else match["shape"]
        things.append(Thing(shape, match["colour"] or "", match["size"] or "", where))
    if len(things) != len(matches):
        raise UnreadableCaptionError(caption)
    return Scene(tuple(things), background)


def words() -> tuple[str, ...]:
    """Every word of the small world, sorted: each becomes one token."""
    text = [
        *COLOURS,
        *SHAPES,
        CONCEPT,
        ANY_SHAPE,
        "small big and background , pastel",
        *_PLACE_OF,
        *FILLERS,
        "an a",
        _SPARE,
    ]
    return tuple(sorted({word for line in text for word in line.split()}))
