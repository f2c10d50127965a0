"""What other programs read out of a picture's file."""

from tasks.infotext import a1111_text
from tests.specs import control, image_spec, lora, tiny_spec, upscale_spec


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
