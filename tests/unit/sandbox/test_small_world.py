"""The small world that the tiny SDXL learns, and the measures that judge its pictures."""

import cv2
import numpy as np
import pytest

from sandbox.tiny_sdxl.evaluation.agreement import score, shares
from sandbox.tiny_sdxl.evaluation.experiments import held_out_scenes
from sandbox.tiny_sdxl.training.scenes import scene_by_number
from sandbox.tiny_sdxl.world.captions import UnreadableCaptionError, read, write
from sandbox.tiny_sdxl.world.measures import edge_f1, look, paleness
from sandbox.tiny_sdxl.world.renderer import render
from sandbox.tiny_sdxl.world.scene import CONCEPT, SHAPES, Scene, Thing, draw_scene

RED_STAR = Scene((Thing("star", "red"),), "blue")


def test_sentences_are_read_as_they_were_meant() -> None:
    """Every sentence that the world writes names its scene and no other."""
    rng = np.random.default_rng(1)
    for _ in range(200):
        scene = draw_scene(rng)
        read_again = read(write(scene, rng))
        assert (set(read_again.things), read_again.background) == (set(scene.things), scene.background)


def test_sentences_outside_the_grammar() -> None:
    """A wrong sentence is named, with one that would be right."""
    with pytest.raises(UnreadableCaptionError, match="'two stars': write for example 'a big red star"):
        read("two stars")


def test_measures_see_what_was_drawn() -> None:
    """On the renderer's own pictures the measures are never wrong: what they find fault with is the model's."""
    rng = np.random.default_rng(2)
    scenes = [draw_scene(rng, shapes=(*SHAPES, CONCEPT)) for _ in range(100)]
    figures = shares([score(scene, look(render(scene, n).picture)) for n, scene in enumerate(scenes)])
    assert set(figures.values()) == {1.0}


@pytest.mark.parametrize("shape", [*SHAPES, CONCEPT])
@pytest.mark.parametrize("size", ["small", "", "big"])
def test_measures_bear_with_round_corners(shape: str, size: str) -> None:
    """A small model's VAE rounds corners off: a round heart is still none of the other shapes."""
    drawn = render(Scene((Thing(shape, "red", size),), "blue"), 5).picture
    softened = cv2.resize(cv2.resize(drawn, (32, 32), interpolation=cv2.INTER_AREA), (128, 128))
    assert [thing.shape for thing in look(np.asarray(softened, dtype=np.uint8)).things] == [shape]


@pytest.mark.parametrize(
    ("wrong", "aspect"),
    [
        (Scene((Thing("star", "green"),), "blue"), "colour"),
        (Scene((Thing("circle", "red"),), "blue"), "shape"),
        (Scene((Thing("star", "red", place="left"),), "blue"), "position"),
        (Scene((Thing("star", "red", size="small"),), "blue"), "size"),
        (Scene((Thing("star", "red"),), "white"), "background"),
    ],
)
def test_measures_find_what_is_wrong(wrong: Scene, aspect: str) -> None:
    """A picture of something else is wrong in exactly that."""
    figures = shares([score(RED_STAR, look(render(wrong, 1).picture))])
    assert {name for name, share in figures.items() if share == 0.0} - {"all"} == {aspect}


def test_pictures_repeat_by_seed() -> None:
    """Whoever trains again trains on the same bytes."""
    first, again, other = (render(RED_STAR, seed) for seed in (3, 3, 4))
    assert np.array_equal(first.picture, again.picture)
    assert not np.array_equal(first.picture, other.picture)
    assert np.array_equal(np.unique(first.edges), [0, 255])


def test_held_out_scenes_are_never_trained_on() -> None:
    """The evaluation asks for scenes that no training number draws."""
    held_out = set(held_out_scenes(200, seed=1))
    assert len(held_out) == 200
    assert not held_out & {scene_by_number(n) for n in range(2000)}


def test_edge_f1() -> None:
    """The same edges are 1, edges two pixels off still are, edges elsewhere are 0."""
    edges = render(RED_STAR, 1).edges
    assert edge_f1(edges, edges) == 1.0
    assert edge_f1(np.roll(edges, 2, axis=1), edges) > 0.99
    assert edge_f1(np.roll(edges, 64, axis=1), edges) < 0.1


def test_paleness() -> None:
    """The pastel style is paler than the usual one."""
    assert paleness(render(RED_STAR, 1, style="pastel").picture) > 0.3 + paleness(render(RED_STAR, 1).picture)
