"""The experiments. Each returns its figures, by name, from fixed sentences and seeds that training never saw."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from sandbox.tiny_sdxl.evaluation.agreement import Score, score, shares
from sandbox.tiny_sdxl.evaluation.artist import Artist, Pictures, Way
from sandbox.tiny_sdxl.world.captions import read, write, write_placeless
from sandbox.tiny_sdxl.world.measures import edge_f1, look, paleness
from sandbox.tiny_sdxl.world.palette import COLOURS
from sandbox.tiny_sdxl.world.renderer import find_edges, render
from sandbox.tiny_sdxl.world.scene import CONCEPT, SHAPES, Scene, Thing, draw_scene

Figures = dict[str, float]
_FIRST_SEED = 900_000_000
FEW_STEPS = Way(steps=4, guidance=1.0)


def held_out_scenes(count: int, *, seed: int) -> list[Scene]:
    """Different scenes of the part of the world that training leaves out."""
    rng = np.random.default_rng(seed)
    scenes: dict[Scene, None] = {}
    while len(scenes) < count:
        scenes[draw_scene(rng, held_out=True)] = None
    return list(scenes)


def held_out_sentences(count: int, *, seed: int = 1) -> list[str]:
    """One full sentence for each of `held_out_scenes`."""
    rng = np.random.default_rng([seed, 1])
    return [write(scene, rng) for scene in held_out_scenes(count, seed=seed)]


def _scores(captions: Sequence[str], pictures: Pictures) -> list[Score]:
    return [score(read(caption), look(picture)) for caption, picture in zip(captions, pictures, strict=True)]


def sentences(artist: Artist, count: int, way: Way) -> Figures:
    """Whether pictures show what held-out sentences say."""
    captions = held_out_sentences(count)
    return shares(_scores(captions, artist.draw(captions, first_seed=_FIRST_SEED, way=way)))


def control(artist: Artist, count: int) -> Figures:
    """Edges of pictures against the map they were given, and against it without ControlNet, from the same seeds."""
    scenes = held_out_scenes(count, seed=2)
    rng = np.random.default_rng(2)
    captions = [write_placeless(scene, rng) for scene in scenes]
    maps = np.stack([render(scene, n, wander_px=8.0).edges for n, scene in enumerate(scenes)])
    ways = {"with": maps, "without": None}
    drawn = {name: artist.draw(captions, first_seed=_FIRST_SEED, maps=given) for name, given in ways.items()}
    figures = {f"f1_{name}": _mean_f1(pictures, maps) for name, pictures in drawn.items()}
    half = artist.draw(captions, first_seed=_FIRST_SEED, maps=maps, way=Way(control_weight=0.5))
    return {**figures, "f1_half_weight": _mean_f1(half, maps)}


def _mean_f1(pictures: Pictures, maps: Pictures) -> float:
    pairs = zip(pictures, maps, strict=True)
    return round(float(np.mean([edge_f1(find_edges(picture), one) for picture, one in pairs])), 4)


def heart_sentences(count: int) -> list[str]:
    """Held-out sentences in which one thing is a heart."""
    rng = np.random.default_rng(3)
    return [write(_with_heart(scene), rng) for scene in held_out_scenes(count, seed=3)]


def _with_heart(scene: Scene) -> Scene:
    return replace(scene, things=(replace(scene.things[0], shape=CONCEPT), *scene.things[1:]))


def _hearts(pictures: Pictures) -> float:
    seen = [any(thing.shape == CONCEPT for thing in look(picture).things) for picture in pictures]
    return round(float(np.mean(seen)), 4)


def heart(artist: Artist, count: int) -> Figures:
    """How often a heart appears, by the LoRA's weight, and what the LoRA does to sentences without one."""
    captions, others = heart_sentences(count), held_out_sentences(count, seed=4)
    figures = {}
    for weight in (0.0, 0.5, 1.0):
        artist.wear(CONCEPT, weight)
        figures[f"hearts_at_{weight}"] = _hearts(artist.draw(captions, first_seed=_FIRST_SEED))
    drawn = artist.draw(others, first_seed=_FIRST_SEED)
    artist.undress()
    kept = shares(_scores(others, drawn))
    return {**figures, "hearts_unasked_at_1.0": _hearts(drawn), "others_shape_at_1.0": kept["shape"]}


def pastel(artist: Artist, count: int) -> Figures:
    """How pale pictures are, by the LoRA's weight; 0 is full colour, 1 white."""
    scenes = [replace(scene, background="blue") for scene in held_out_scenes(count, seed=5)]
    scenes = [scene for scene in scenes if all(thing.colour != "blue" for thing in scene.things)]
    rng = np.random.default_rng(5)
    captions = [write(scene, rng) for scene in scenes]
    figures = {}
    for weight in (0.0, 0.5, 1.0):
        artist.wear("pastel", weight)
        drawn = artist.draw(captions, first_seed=_FIRST_SEED)
        figures[f"paleness_at_{weight}"] = round(float(np.mean([paleness(picture) for picture in drawn])), 4)
    artist.undress()
    return figures


def negative(artist: Artist, count: int) -> Figures:
    """How often each colour and shape appears where the sentence leaves it open, and with its name as negative prompt.

    `colours_with` and `shapes_with` are the worst of them.
    """
    colours = tuple(colour for colour in COLOURS if colour != "white")
    kinds = {
        "colours": ("a star on a white background", colours),
        "shapes": ("a blue shape on a yellow background", SHAPES),
    }
    figures: Figures = {}
    for kind, (caption, words) in kinds.items():
        free = artist.draw([caption] * count, first_seed=_FIRST_SEED)
        for word in words:
            drawn = artist.draw([caption] * count, first_seed=_FIRST_SEED, negative=word)
            figures |= {f"{word}_without": _shown(word, free), f"{word}_with": _shown(word, drawn)}
        figures[f"{kind}_with"] = max(figures[f"{word}_with"] for word in words)
    return figures


def _shown(word: str, pictures: Pictures) -> float:
    shown = [any(word in (thing.colour, thing.shape) for thing in look(picture).things) for picture in pictures]
    return round(float(np.mean(shown)), 4)


def shapes_by_name(artist: Artist, count: int) -> Figures:
    """Of each shape alone in the centre, the share that is seen as it."""
    figures = {}
    for shape in SHAPES:
        scenes = [Scene((Thing(shape, "red"),), "white")] * count
        rng = np.random.default_rng(6)
        captions = [write(scene, rng) for scene in scenes]
        figures[shape] = shares(_scores(captions, artist.draw(captions, first_seed=_FIRST_SEED)))["shape"]
    return figures
