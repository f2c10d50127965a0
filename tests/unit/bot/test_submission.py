"""Options to order: defaults, limits, and a refusal that helps."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.refusals import Refusal, RefusalCode, Refused, clean
from bot.submission import Options, seeds_from, submit
from bot.wording.answers import refusal
from tasks.schema import MAX_SEED, JobSpec, TextToImageSpec
from tests.unit.bot.registries import SDXL, checkpoint, registry


def order(**options: Any) -> JobSpec:
    return submit(Options(**({"prompt": "a fox"} | options)), registry=registry(), draw_seed=lambda: 42)


def refused(**options: Any) -> Refusal:
    with pytest.raises(Refused) as caught:
        order(**options)
    return caught.value.refusal


def test_what_is_left_out_comes_from_the_checkpoint() -> None:
    """The prompt alone makes a complete order."""
    spec = order(model="sdxl-base-1.0")
    assert (spec.width, spec.height, spec.num_inference_steps, spec.guidance_scale) == (1024, 1024, 30, 5.0)
    assert (spec.negative_prompt, spec.seeds, spec.sampler) == ("blurry", (42,), "euler")


def test_what_is_given_wins() -> None:
    """No default overrides a member's choice, zero included."""
    spec = order(model="sdxl-base-1.0", negative="cats", aspect="16:9", images=3, seed=0, steps=10, cfg=15)
    assert (spec.negative_prompt, spec.seeds, spec.num_inference_steps, spec.guidance_scale) == (
        "cats",
        (0, 1, 2),
        10,
        15.0,
    )
    assert (spec.width, spec.height) == (1344, 768)


def test_seeds_wrap_around() -> None:
    """The last seed there is has a successor."""
    assert seeds_from(MAX_SEED, 2) == (MAX_SEED, 0)


@pytest.mark.parametrize(
    ("options", "option", "sentence"),
    [
        ({"prompt": ""}, "prompt", "`prompt` is empty. Describe your picture in 1 to 1500 characters."),
        ({"prompt": "\x00\n"}, "prompt", "`prompt` is empty. Describe your picture in 1 to 1500 characters."),
        (
            {"prompt": "x" * 1501},
            "prompt",
            "`prompt` has 1501 characters; at most 1500 are possible. Shorten it and send it again.",
        ),
        (
            {"negative": "x" * 1001},
            "negative",
            "`negative` has 1001 characters; at most 1000 are possible. Shorten it and send it again.",
        ),
        (
            {"model": "midjourney"},
            "model",
            (
                "No model is called midjourney. There are: tiny-sdxl, sdxl-base-1.0. "
                "Pick one from the list that `model` shows."
            ),
        ),
        (
            {"aspect": "square"},
            "aspect",
            "`aspect` is square; choose one of 1:1, 4:5, 5:4, 3:4, 4:3, 2:3, 3:2, 9:16, 16:9.",
        ),
        ({"images": 0}, "images", "`images` is 0; it must be from 1 to 4."),
        ({"images": 5}, "images", "`images` is 5; it must be from 1 to 4."),
        ({"seed": -1}, "seed", r"`seed` is \-1; it must be from 0 to 4294967295."),
        ({"seed": 2**32}, "seed", "`seed` is 4294967296; it must be from 0 to 4294967295."),
        ({"steps": 0}, "steps", "`steps` is 0; with Tiny SDXL it must be from 1 to 60."),
        ({"steps": 61}, "steps", "`steps` is 61; with Tiny SDXL it must be from 1 to 60."),
        (
            {"model": "sdxl-base-1.0", "steps": 9},
            "steps",
            "`steps` is 9; with SDXL base 1.0 it must be from 10 to 50.",
        ),
        ({"cfg": -0.1}, "cfg", r"`cfg` is \-0.1; with Tiny SDXL it must be from 0 to 20."),
        ({"cfg": 20.1}, "cfg", "`cfg` is 20.1; with Tiny SDXL it must be from 0 to 20."),
        ({"cfg": float("nan")}, "cfg", "`cfg` is nan; with Tiny SDXL it must be from 0 to 20."),
    ],
)
def test_each_option_out_of_range_has_its_sentence(options: dict[str, Any], option: str, sentence: str) -> None:
    """Named option, given value, and what would be right."""
    found = refused(**options)
    assert found.option == option
    assert refusal(found) == sentence


def test_a_model_is_found_by_id_name_or_unique_part() -> None:
    """Free text is accepted where it can mean only one thing."""
    for typed in ("sdxl-base-1.0", "SDXL BASE 1.0", " base ", "SDXL b"):
        assert order(model=typed).checkpoint.id == "sdxl-base-1.0"
    assert refused(model="sdxl").code is RefusalCode.UNKNOWN_MODEL


def test_many_models_are_not_all_listed() -> None:
    """A refusal is a sentence and not a catalogue."""
    many = registry(*(checkpoint(id=f"model-{n}", name=f"Model {n}") for n in range(30)))
    with pytest.raises(Refused) as caught:
        submit(Options(prompt="x", model="none"), registry=many, draw_seed=lambda: 1)
    assert caught.value.refusal.data["known"].endswith("model-7 and 22 more")


@given(st.text(max_size=300))
def test_any_text_becomes_an_order_that_travels(text: str) -> None:
    """Surrogates and control characters would break the database or the file; everything else is kept."""
    try:
        found = submit(Options(prompt=text, negative=text), registry=registry(SDXL), draw_seed=lambda: 1)
    except Refused:
        assert not clean(text)
    else:
        assert TextToImageSpec.read(found.write()) == found
