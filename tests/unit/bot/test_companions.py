"""Pictures, LoRAs and ControlNets in an order: what they come to, and what is wrong with them."""

from dataclasses import replace
from typing import Any

import pytest

from bot.control_index import control_choices, resolve_control
from bot.refusals import Refusal, RefusalCode, Refused
from bot.submission import Options, submit
from bot.wording.answers import refusal
from tasks.schema import ImageToImageSpec, InpaintSpec, InputRef, JobSpec, TextToImageSpec
from tests.unit.bot.drawing_registry import drawing_registry
from tests.unit.bot.registries import registry

PHOTO = InputRef(sha256="a" * 64, width=600, height=400)
MASK = InputRef(sha256="b" * 64, width=600, height=400)
SKETCH = InputRef(sha256="c" * 64, width=64, height=64)
REGISTRY = drawing_registry()


def order(**options: Any) -> JobSpec:
    return submit(Options(**({"prompt": "a fox"} | options)), registry=REGISTRY, draw_seed=lambda: 42)


def refused(**options: Any) -> Refusal:
    with pytest.raises(Refused) as caught:
        order(**options)
    return caught.value.refusal


def test_a_picture_makes_it_image_to_image() -> None:
    """In the picture's shape at the model's size, unless another shape is asked for."""
    spec = order(init_image=PHOTO, model="sdxl-base-1.0")
    assert isinstance(spec, ImageToImageSpec)
    assert (spec.image, spec.strength, spec.width, spec.height) == (PHOTO, 0.6, 1216, 832)
    square = order(init_image=PHOTO, model="sdxl-base-1.0", aspect="1:1", strength=0.3)
    assert isinstance(square, ImageToImageSpec)
    assert (square.strength, square.width, square.height) == (0.3, 1024, 1024)
    usual = order(init_image=PHOTO, model="sdxl-base-1.0", aspect="1:1", soft=frozenset({"aspect"}))
    assert (usual.width, usual.height) == (1216, 832)


@pytest.mark.parametrize(
    ("given", "drawn"),
    [((640, 480), (640, 480)), ((1001, 777), (1000, 776)), ((300, 200), (1216, 832)), ((2000, 1500), (1152, 896))],
)
def test_inpainting_keeps_the_size_where_the_model_can(given: tuple[int, int], drawn: tuple[int, int]) -> None:
    """What lies outside the mask shall stay as sharp as it was."""
    image, mask = (each.model_copy(update={"width": given[0], "height": given[1]}) for each in (PHOTO, MASK))
    spec = order(init_image=image, mask=mask, model="sdxl-base-1.0")
    assert isinstance(spec, InpaintSpec)
    assert (spec.width, spec.height, spec.strength) == (*drawn, 1.0)


def test_a_control_follows_its_picture_or_the_jobs_own() -> None:
    """With its preprocessor; a ready map is taken as it is."""
    (control,) = order(control_image=SKETCH, control="depth", control_weight=0.5, control_end=0.7).controls
    assert (control.id, control.image, control.weight, control.end) == ("depths", SKETCH, 0.5, 0.7)
    assert control.preprocess
    assert control.preprocessor is not None
    assert control.preprocessor.id == "midas"
    (ready,) = order(control_image=SKETCH, control="depths:map").controls
    assert not ready.preprocess
    assert ready.preprocessor is None
    (own,) = order(init_image=PHOTO, control="tile").controls
    assert (own.id, own.image, own.weight) == ("tiles", None, 0.8)


def test_the_only_controlnet_needs_no_name() -> None:
    """One thing less to know."""
    alone = replace(REGISTRY, controlnets={"edges": REGISTRY.controlnets["edges"]})
    spec = submit(Options(prompt="x", control_image=SKETCH), registry=alone, draw_seed=lambda: 1)
    assert isinstance(spec, TextToImageSpec)
    assert [each.id for each in spec.controls] == ["edges"]


def test_loras_with_and_without_a_weight_and_whole_sets() -> None:
    """Found by id or name; their trigger words are added."""
    found = order(lora="ink:-1.5", lora2="Gold leaf").loras
    assert [(each.id, each.weight, each.add_trigger_words) for each in found] == [
        ("ink", -1.5, True),
        ("gold", 0.5, True),
    ]
    worn = order(lora="the INKWELL years").loras
    assert [(each.id, each.weight) for each in worn] == [("ink", 0.3), ("gold", 0.5)]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"strength": 0.5}, "`strength` says nothing without `init_image`."),
        ({"init_image": PHOTO, "strength": 0.01}, "`strength` is 0.01; it must be from 0.05 to 1."),
        ({"init_image": PHOTO, "strength": float("nan")}, "`strength` is nan; it must be from 0.05 to 1."),
        ({"control": "depth"}, "`control` says nothing without `control_image`."),
        ({"control_weight": 1.0}, "`control_weight` says nothing without `control_image`."),
        ({"control_end": 1.0}, "`control_end` says nothing without `control_image`."),
        ({"control_image": SKETCH}, "Say in `control` what to follow: edges, depths, tiles."),
        (
            {"control_image": SKETCH, "control": "pose"},
            "No ControlNet is called pose. There are: edges, depths, tiles.",
        ),
        (
            {"control_image": SKETCH, "control": "edges", "control_weight": 2.1},
            "`control_weight` is 2.1; it must be from 0 to 2.",
        ),
        (
            {"control_image": SKETCH, "control": "edges", "control_end": 0.05},
            "`control_end` is 0.05; it must be from 0.1 to 1.",
        ),
        ({"lora": "oil"}, "No LoRA is called oil. There are: ink, gold, inkwell."),
        ({"lora": "ink:3"}, "The weight of `lora` is 3; behind the colon it must be a number from -2 to 2"),
        ({"lora": "ink", "lora3": "ink:1"}, "ink is given twice."),
    ],
)
def test_what_is_wrong_is_told(options: dict[str, Any], sentence: str) -> None:
    """Each with what would be right."""
    assert refusal(refused(**options)).startswith(sentence)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"lora": "ink"}, RefusalCode.NO_LORAS),
        ({"control": "canny"}, RefusalCode.NO_CONTROLS),
        ({"control_image": SKETCH}, RefusalCode.NO_CONTROLS),
    ],
)
def test_a_studio_without_any_says_so(options: dict[str, Any], code: RefusalCode) -> None:
    """An empty list is no help."""
    with pytest.raises(Refused) as caught:
        submit(Options(prompt="x", **options), registry=registry(), draw_seed=lambda: 1)
    assert caught.value.refusal.code is code


def test_controls_are_offered_with_and_without_a_map() -> None:
    """What follows the picture itself has no map of its own."""
    assert [each.value for each in control_choices(REGISTRY.controlnets, "")] == [
        "edges",
        "depths",
        "tiles",
        "edges:map",
        "depths:map",
    ]
    assert [each.value for each in control_choices(REGISTRY.controlnets, "dep")] == ["depths", "depths:map"]
    assert resolve_control(REGISTRY.controlnets, "e") is None
    assert resolve_control(REGISTRY.controlnets, "") is None
