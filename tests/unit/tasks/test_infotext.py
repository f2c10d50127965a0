"""What a picture's file says of itself."""

import json

from config.registry import SAMPLERS, Weights
from tasks.infotext import SAMPLER_NAMES, a1111_text, easel_text
from tasks.schema import SafetyRef
from tests.specs import control, image_spec, lora, tiny_spec, upscale_spec

SPEC = tiny_spec(
    prompt="a cat, naïve 猫\nsecond line",
    negative_prompt="blurry",
    width=64,
    height=72,
    seeds=(7, 8),
    sampler="euler_a",
)


def test_the_parameters_have_the_form_that_tools_read() -> None:
    """Sites that read parameters expect these three parts in this order."""
    lines = a1111_text(SPEC, seed=8).split("\n")
    assert lines[:3] == ["a cat, naïve 猫", "second line", "Negative prompt: blurry"]
    assert lines[3] == (
        "Steps: 2, Sampler: Euler a, CFG scale: 5, Seed: 8, Size: 64x72, Model: tiny-sdxl, Version: Easel"
    )


def test_our_json_draws_it_again() -> None:
    """Seed, job and every option are there; where the weights came from is not."""
    text = easel_text(SPEC, seed=8, job_id="01JD4Q8Z6V9K3M5N7P2R4S6T8X")
    content = json.loads(text)
    assert (content["seed"], content["job_id"]) == (8, "01JD4Q8Z6V9K3M5N7P2R4S6T8X")
    again = SPEC.model_validate({**content["spec"], "checkpoint": SPEC.checkpoint, "seeds": (content["seed"],)})
    assert again == SPEC.model_copy(update={"seeds": (8,)})
    assert "file:" not in text


def test_a_worker_names_no_job() -> None:
    """Only the courier knows the ledger."""
    assert "job_id" not in json.loads(easel_text(SPEC, seed=8))


def test_the_safety_checker_is_left_out() -> None:
    """It draws nothing, and its source may be a private place."""
    ref = SafetyRef(id="clip", weights=Weights(source="file:somewhere"))
    assert easel_text(SPEC.model_copy(update={"safety": ref}), seed=8) == easel_text(SPEC, seed=8)


def test_every_sampler_has_a_name() -> None:
    """A sampler without a name would fail after the picture is drawn."""
    assert set(SAMPLER_NAMES) == set(SAMPLERS)


def test_loras_stand_in_the_prompt() -> None:
    """Where A1111 writes them and sites look for them."""
    text = a1111_text(tiny_spec(prompt="a cat", loras=(lora(weight=-0.5),)), seed=7)
    assert text.splitlines()[0] == "a cat <lora:ink:-0.5>"


def test_a_controlnet_is_named_with_its_window() -> None:
    """In the quoted form of A1111's extension."""
    text = a1111_text(tiny_spec(controls=(control(weight=0.8, end=0.5),)), seed=7)
    expected = '"Module: canny, Model: edges, Weight: 0.8, Guidance Start: 0, Guidance End: 0.5"'
    assert f"ControlNet 0: {expected}" in text


def test_strength_and_size() -> None:
    """The result's size, and how much of the picture was drawn again."""
    assert "Denoising strength: 0.25" in a1111_text(image_spec(strength=0.25), seed=7)
    text = a1111_text(upscale_spec(factor=4), seed=7)
    assert "Size: 256x256" in text
    assert "Hires upscale: 4" in text
