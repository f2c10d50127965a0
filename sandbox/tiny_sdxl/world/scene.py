"""Scenes: one or two coloured shapes on a plain background, drawn at random from a seed."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import numpy as np

from sandbox.tiny_sdxl.world.palette import COLOURS

SIZE_PX: Final = 128
SHAPES: Final = ("circle", "square", "triangle", "star", "ring", "cross")
CONCEPT: Final = "heart"  # not in the base model's world: a LoRA teaches it
PLACES: Final = ("centre", "left", "right", "top", "bottom")
CENTRES: Final = {"centre": (64, 64), "left": (32, 64), "right": (96, 64), "top": (64, 32), "bottom": (64, 96)}
# Radius in pixels by the word for the size; "" is the size that a sentence does not mention.
RADII: Final = {"small": (13.0, 15.5), "": (18.5, 21.0), "big": (25.0, 27.0)}
BIG_ALONE: Final = (28.0, 42.0)
PAIRS: Final = (("left", "right"), ("right", "left"), ("top", "bottom"), ("bottom", "top"))
_SIZES: Final = ("", "", "small", "big")
_HELD_OUT_SHARE: Final = 20
_PLACED_SHARE: Final = 0.6
_PAIRS_SHARE: Final = 0.45


@dataclass(frozen=True)
class Thing:
    """One shape as a sentence can name it; an empty word is one that the sentence leaves open."""

    shape: str
    colour: str
    size: str = ""
    place: str = "centre"


@dataclass(frozen=True)
class Scene:
    """What a sentence can say of a picture."""

    things: tuple[Thing, ...]
    background: str

    @property
    def held_out(self) -> bool:
        """Whether this scene belongs to the twentieth of all scenes that training never sees (by a hash)."""
        digest = sha256(repr((self.background, sorted(map(repr, self.things)))).encode()).digest()
        return digest[0] % _HELD_OUT_SHARE == 0


def _pick(rng: np.random.Generator, options: tuple[str, ...]) -> str:
    return options[int(rng.integers(len(options)))]


def _thing(rng: np.random.Generator, place: str, background: str, shapes: tuple[str, ...]) -> Thing:
    colours = tuple(colour for colour in COLOURS if colour != background)
    return Thing(_pick(rng, shapes), _pick(rng, colours), _pick(rng, _SIZES), place)


def any_scene(rng: np.random.Generator, shapes: tuple[str, ...] = SHAPES) -> Scene:
    """One scene at random: two things in 45 of 100, a white background somewhat more often than others."""
    background = _pick(rng, (*COLOURS, "white"))
    places: tuple[str, ...] = (_pick(rng, PLACES if rng.random() < _PLACED_SHARE else ("centre",)),)
    if rng.random() < _PAIRS_SHARE:
        places = PAIRS[int(rng.integers(len(PAIRS)))]
    return Scene(tuple(_thing(rng, place, background, shapes) for place in places), background)


def draw_scene(rng: np.random.Generator, *, held_out: bool = False, shapes: tuple[str, ...] = SHAPES) -> Scene:
    """A scene of the training part, or of the held-out part."""
    while True:
        scene = any_scene(rng, shapes)
        if scene.held_out == held_out:
            return scene
