"""What a given picture does: image to image, inpaint, upscale and ControlNet, with the trained tiny SDXL."""

from typing import Any

import numpy as np
import pytest
from PIL import Image

from sandbox.tiny_sdxl.world.measures import edge_f1, look
from sandbox.tiny_sdxl.world.renderer import find_edges
from sandbox.tiny_sdxl.world.scene import SHAPES, Thing
from tests import specs
from tests.integration.gpu_worker.semantics.painter import (
    USUAL,
    Painter,
    Pictures,
    Pixels,
    distance,
    edges,
    scene,
    share_right,
    shown,
)
from tests.tiny_room import input_ref

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
RED_STAR = scene(Thing("star", "red"))
RIGHT_HALF = Image.fromarray(np.pad(np.full((128, 64), 255, np.uint8), ((0, 0), (64, 0))))
UNSPECIFIC = "a red shape on a white background"


def varied(painter: Painter, strength: float, prompt: str) -> Pictures:
    order = specs.image_spec(**USUAL | {"image": input_ref(RED_STAR), "strength": strength, "prompt": prompt})
    return painter.draw(order, RED_STAR)


def test_strength(painter: Painter) -> None:
    """A little leaves the background as it was, all of it draws what the words say."""
    sentence = "a green circle on a yellow background"
    drawn = {strength: varied(painter, strength, sentence) for strength in (0.2, 0.5, 1.0)}
    away = [np.mean([distance(one, RED_STAR) for one in pictures]) for pictures in drawn.values()]
    assert away == sorted(away)
    assert all(look(one).background == "white" for one in drawn[0.2])
    assert share_right(sentence, drawn[1.0]) >= 0.75


def test_a_variation_is_of_the_same_thing(painter: Painter) -> None:
    """With the same words a strong variation is another picture of the same."""
    sentence = "a red star on a white background"
    strong = varied(painter, 0.6, sentence)
    assert share_right(sentence, strong) >= 0.75
    assert not np.array_equal(strong[0], strong[1])


def test_mask(painter: Painter) -> None:
    """Within the mask what the words say, outside not a bit of change."""
    left = scene(Thing("square", "blue", place="left"))
    sentence = "a blue square on the left and a red circle on the right on a white background"
    refs = {"image": input_ref(left), "mask": input_ref(RIGHT_HALF)}
    drawn = painter.draw(specs.inpaint_spec(**USUAL | refs | {"prompt": sentence}), left, RIGHT_HALF)
    assert all(np.array_equal(one[:, :56], np.asarray(left)[:, :56]) for one in drawn)
    assert shown("red", drawn) >= 3


def enlarged(painter: Painter, given: Image.Image, **changes: Any) -> Pixels:
    order = {name: USUAL[name] for name in ("prompt", "num_inference_steps", "guidance_scale")}
    refs = {"image": input_ref(given), "seeds": (1,)}
    [large] = painter.draw(specs.upscale_spec(**order | refs | changes), given)
    return large


@pytest.mark.parametrize("detail", [0.0, 0.3])
def test_upscale(painter: Painter, detail: float) -> None:
    """The same picture, twice as large: the same thing in the same colour."""
    large = enlarged(painter, RED_STAR, prompt="a red star on a white background", detail=detail, tile=256)
    assert large.shape == (256, 256, 3)
    small = np.asarray(Image.fromarray(large).resize((128, 128), Image.Resampling.LANCZOS))
    assert distance(small, RED_STAR) < 12
    assert [(thing.colour, thing.shape) for thing in look(small).things] == [("red", "star")]


@pytest.mark.parametrize(("colour", "shape", "background"), [("red", "star", "blue"), ("pink", "ring", "white")])
def test_the_detail_of_many_tiles(painter: Painter, colour: str, shape: str, background: str) -> None:
    """25 tiles, of which each by itself could be "a red star on a blue background": more detail, and one star."""
    given, sentence = (
        scene(Thing(shape, colour), background=background),
        f"a {colour} {shape} on a {background} background",
    )
    plain, little, most = (
        enlarged(painter, given, prompt=sentence, factor=4, tile=128, detail=detail) for detail in (0.0, 0.1, 1.0)
    )
    assert 0 < distance(little, plain) < distance(most, plain)
    for large in (little, most):
        sight = look(large)
        assert sight.background == background
        assert [(thing.colour, thing.shape) for thing in sight.things] == [(colour, shape)]


def followed(painter: Painter, weight: float, **window: float) -> float:
    """Mean F1 at 2 px between the edges of a shape and those of what was drawn after them."""
    f1 = []
    for shape in SHAPES:
        given = scene(Thing(shape, "red"), seed=5)
        order = specs.tiny_spec(**USUAL | {"prompt": UNSPECIFIC, "controls": (edges(given, weight=weight, **window),)})
        drawn = painter.draw(order.model_copy(update={"seeds": (1, 2)}), given)
        f1 += [edge_f1(find_edges(one), find_edges(np.asarray(given))) for one in drawn]
    return float(np.mean(f1))


def test_the_weight_of_a_controlnet(painter: Painter) -> None:
    """The more weight it has, the closer the edges of the picture lie to those of the map."""
    f1 = {weight: followed(painter, weight) for weight in (0.0, 1.0)}
    assert f1[1.0] >= 0.7
    assert f1[1.0] > f1[0.0] + 0.1


def test_the_window_of_a_controlnet(painter: Painter) -> None:
    """The layout is decided early: at half the weight the first half of the steps holds edges better than the last."""
    assert followed(painter, 0.5, end=0.5) > followed(painter, 0.5, start=0.5)


def test_words_choose_the_colour_of_a_controlled_picture(painter: Painter) -> None:
    """The map gives the outline, the prompt the rest."""
    given = scene(Thing("triangle", "red"))
    sentence = "a green triangle on a black background"
    drawn = painter.draw(specs.tiny_spec(**USUAL | {"prompt": sentence, "controls": (edges(given),)}), given)
    assert shown("green", drawn) == len(drawn)
    assert all(look(one).background == "black" for one in drawn)
