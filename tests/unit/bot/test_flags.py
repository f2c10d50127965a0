"""Flags in the prompt: each is an option, none becomes prompt silently, and an option wins."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.defaults import Conflict, compose
from bot.flags import FLAGS, FOREIGN, parse
from bot.refusals import RefusalCode, Refused
from bot.submission import Options, submit
from bot.wording import answers
from bot.wording.catalogue import say
from tasks.ledger.people_models import Style
from tests.unit.bot.registries import registry


@pytest.mark.parametrize(
    ("typed", "prompt", "values"),
    [
        ("a fox", "a fox", {}),
        ("a fox --ar 16:9", "a fox", {"aspect": "16:9"}),
        ("a fox --no cats, rain --seed 7", "a fox", {"negative": "cats, rain", "seed": 7}),
        ("a fox --n 2 --steps 20 --cfg 4.5", "a fox", {"images": 2, "steps": 20, "cfg": 4.5}),
        ("a fox —SEED 7", "a fox", {"seed": 7}),
        ("a --seed 7 red fox", "a red fox", {"seed": 7}),
        ("a fox --iw 1.5 in fog", "a fox in fog", {"strength": 0.4}),
        ("a fox --tile in fog", "a fox in fog", {"control": "tile"}),
        ("a well-known fox - red -- very", "a well-known fox - red -- very", {}),
        ("x--ar 1:1", "x--ar 1:1", {}),
    ],
)
def test_flags_become_options(typed: str, prompt: str, values: dict[str, object]) -> None:
    """The rest is the prompt as it was typed; a telephone's dash is two hyphens."""
    flagged = parse(typed)
    assert (flagged.prompt, dict(flagged.values)) == (prompt, values)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("a fox --sed 7", RefusalCode.UNKNOWN_FLAG),
        ("a fox --stylize 100", RefusalCode.FOREIGN_FLAG),
        ("a fox --seed", RefusalCode.EMPTY_FLAG),
        ("a fox --seed --ar 1:1", RefusalCode.EMPTY_FLAG),
        ("a fox --seed seven", RefusalCode.NOT_A_NUMBER),
        ("a fox --steps 9.5", RefusalCode.NOT_A_NUMBER),
        ("a fox --cfg -1", RefusalCode.NOT_A_NUMBER),
        ("a fox --iw much", RefusalCode.NOT_A_NUMBER),
        ("a fox --iw 2.5", RefusalCode.OUT_OF_RANGE),
    ],
)
def test_a_wrong_flag_is_refused(typed: str, code: RefusalCode) -> None:
    """Never drawn as if it were words."""
    with pytest.raises(Refused) as caught:
        parse(typed)
    assert caught.value.refusal.code is code
    assert answers.refusal(caught.value.refusal)


@pytest.mark.parametrize("name", sorted(set(FOREIGN.values())))
def test_every_foreign_flag_has_an_honest_answer(name: str) -> None:
    """What to use instead."""
    assert "--x" in say(f"flag.{name}", given="--x")


@given(st.text(max_size=100))
def test_no_text_breaks_the_parser(text: str) -> None:
    """It comes from strangers."""
    try:
        flagged = parse(text)
    except Refused:
        return
    assert set(flagged.values) <= set(FLAGS.values())


STYLES = [
    Style(scope="u1", name="ink", owner_id=1, values_json={"words": "{prompt}, ink", "negative": "colour", "steps": 9}),
    Style(scope="g1", name="ink", owner_id=2, values_json={"words": "server ink"}),
    Style(scope="g1", name="oil", owner_id=2, values_json={"words": "oil on canvas", "steps": 900}),
]


def test_option_then_flag_then_style_then_own_defaults() -> None:
    """In this order, and the overruled flag is told."""
    settings = {"steps": 3, "images": 2, "aspect": "4:3", "cfg": 2.0, "notify": "dm"}
    typed = Options(prompt="a fox --ar 16:9 --n 3 --no cats", aspect="1:1", style="INK", images=3)
    composed = compose(typed, settings=settings, styles=STYLES)
    options = composed.options
    assert (options.aspect, options.images, options.steps, options.cfg) == ("1:1", 3, 9, 2.0)
    assert (options.prompt, options.negative) == ("a fox, ink", "cats, colour")
    assert list(composed.conflicts) == [Conflict("--ar", "16:9", "aspect", "1:1")]
    assert composed.by_dm


def test_a_default_that_the_model_forbids_gives_way() -> None:
    """What a member typed is refused, what they once kept is not thrown at them."""
    composed = compose(Options(prompt="a fox", style="oil"), settings={"cfg": 30.0}, styles=STYLES)
    spec = submit(composed.options, registry=registry(), draw_seed=lambda: 1)
    assert (spec.num_inference_steps, spec.guidance_scale, spec.prompt) == (4, 5.0, "a fox, oil on canvas")
    typed = compose(Options(prompt="a fox", steps=900), settings={}, styles=STYLES).options
    with pytest.raises(Refused, match="out_of_range"):
        submit(typed, registry=registry(), draw_seed=lambda: 1)


def test_an_unknown_style_is_refused_and_a_vanished_default_is_not() -> None:
    """With the names that there are."""
    with pytest.raises(Refused) as caught:
        compose(Options(prompt="x", style="chalk"), settings={}, styles=STYLES)
    assert "There are: ink, oil." in answers.refusal(caught.value.refusal)
    assert compose(Options(prompt="x"), settings={"style": "chalk"}, styles=STYLES).options.prompt == "x"
