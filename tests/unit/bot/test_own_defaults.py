"""A member's own defaults: only where an order has a use for them, never in the way of it, and told."""

from dataclasses import replace
from typing import Any

import pytest

from bot.defaults import Composed, compose
from bot.own_defaults import SETTINGS, applied, settled
from bot.submission import Options, submit
from config.loading import Registry
from tasks.schema import InputRef
from tests.unit.bot.drawing_registry import drawing_registry

PICTURE = InputRef(sha256="0" * 64, width=64, height=64)
KEPT: dict[str, Any] = {
    "lora": "ink:0.5",
    "lora2": "gold",
    "strength": 0.3,
    "aspect": "16:9",
    "control": "edges",
    "control_weight": 0.4,
    "control_end": 0.7,
    "spoiler": False,
}


def composed(settings: dict[str, Any], **typed: Any) -> Composed:
    return compose(Options(**({"prompt": "a fox"} | typed)), settings=settings, styles=())


@pytest.mark.parametrize(
    ("typed", "used"),
    [
        ({}, {"aspect", "lora", "lora2"}),
        ({"lora3": "inkwell"}, {"aspect"}),
        ({"lora": " None "}, {"aspect"}),
        ({"init_image": PICTURE}, {"lora", "lora2", "strength"}),
        ({"init_image": PICTURE, "mask": PICTURE}, {"lora", "lora2"}),
        ({"init_image": PICTURE, "control": "depths"}, {"lora", "lora2", "strength", "control_weight", "control_end"}),
        ({"control_image": PICTURE}, {"aspect", "lora", "lora2", "control", "control_weight", "control_end"}),
        ({"prompt": "a fox --ar 1:1 --iw 1", "init_image": PICTURE}, {"lora", "lora2"}),
    ],
)
def test_a_default_goes_with_the_orders_that_it_is_for(typed: dict[str, Any], used: set[str]) -> None:
    """A strength needs a picture, a ControlNet something to follow; what is named takes the place of what is kept."""
    found = composed(KEPT, **typed)
    assert set(found.defaulted) - {"spoiler"} == used
    assert {name: getattr(found.options, name) for name in used} == {name: KEPT[name] for name in used}


def test_none_is_no_lora() -> None:
    """For one picture without the LoRAs of every day."""
    options = composed(KEPT, lora="none").options
    assert (options.lora, options.lora2) == (None, None)


@pytest.mark.parametrize(
    ("settings", "gone"),
    [
        ({"model": "gone", "steps": 9}, ["model"]),
        ({"lora": "gone", "lora2": "ink"}, ["lora"]),
        ({"lora": "ink", "lora2": "ink:0.3"}, ["lora", "lora2"]),
        ({"sampler": "gone", "aspect": "7:1"}, ["aspect", "sampler"]),
        ({"style": "gone"}, []),
    ],
)
def test_what_is_not_there_any_more_is_left_out(settings: dict[str, Any], gone: list[str]) -> None:
    """The order is drawn all the same, and never refused for something that nobody typed."""
    found = composed(settings)
    options, left_out = settled(found.options, found.defaulted, drawing_registry())
    assert left_out == gone
    assert submit(options, registry=drawing_registry(), draw_seed=lambda: 1).prompt.startswith("a fox")


def test_a_control_that_is_gone_leaves_the_question_open() -> None:
    """Then the member is asked which, as without a default."""
    found = composed({"control": "gone"}, control_image=PICTURE)
    assert settled(found.options, found.defaulted, drawing_registry())[1] == ["control"]


def test_a_house_that_denies_the_default_model_draws_with_its_own() -> None:
    """`settled` sees what the house allows."""
    registry = drawing_registry()
    found = composed({"model": "sdxl-base-1.0"})
    assert settled(found.options, found.defaulted, registry)[1] == []
    options, left_out = settled(found.options, found.defaulted, without(registry, "sdxl-base-1.0"))
    assert (options.model, left_out) == (None, ["model"])


def test_only_what_was_drawn_with_is_called_a_default() -> None:
    """The model's own steps hold where it forbids the member's, and a default of "no" is not worth a word."""
    found = composed({"steps": 900, "cfg": 3.0, "private": False, "negative": "rain"})
    spec = submit(found.options, registry=drawing_registry(), draw_seed=lambda: 1)
    assert applied(found.defaulted, found.options, spec) == ("negative", "cfg")


def test_there_is_a_choice_for_each() -> None:
    """Discord takes 25."""
    assert len(SETTINGS) == len(set(SETTINGS)) <= 25


def without(registry: Registry, model: str) -> Registry:
    return replace(registry, checkpoints={name: each for name, each in registry.checkpoints.items() if name != model})
