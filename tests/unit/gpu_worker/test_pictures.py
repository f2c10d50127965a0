import io
import json

from PIL import Image
from PIL.PngImagePlugin import PngImageFile

from gpu_worker import png
from gpu_worker.renderer import Picture
from tests.specs import tiny_spec

SPEC = tiny_spec(
    prompt="a cat, naïve 猫\nsecond line",
    negative_prompt="blurry",
    width=64,
    height=72,
    seeds=(7, 8),
    sampler="euler_a",
)
PICTURE = Picture(seed=8, width=64, height=72, rgb=bytes(range(256)) * 54)


def opened() -> PngImageFile:
    image = Image.open(io.BytesIO(png.encode(PICTURE, SPEC)))
    assert isinstance(image, PngImageFile)
    return image


def test_pixels_survive() -> None:
    """PNG is lossless; a wrong row order or stride would not be."""
    image = opened()
    assert image.size == (64, 72)
    assert image.tobytes() == PICTURE.rgb


def test_a1111_text() -> None:
    """Sites that read parameters expect these three parts in this order."""
    lines = str(opened().text["parameters"]).split("\n")
    assert lines[:3] == ["a cat, naïve 猫", "second line", "Negative prompt: blurry"]
    assert lines[3] == (
        "Steps: 2, Sampler: Euler a, CFG scale: 5, Seed: 8, Size: 64x72, Model: tiny-sdxl, Version: Easel"
    )


def test_our_json_draws_it_again() -> None:
    """Seed and every option are there; where the weights came from is not."""
    text = opened().text["easel"]
    content = json.loads(text)
    assert content["seed"] == 8
    assert content["spec"]["prompt"] == SPEC.prompt
    again = SPEC.model_validate({**content["spec"], "checkpoint": SPEC.checkpoint, "seeds": (content["seed"],)})
    assert again == SPEC.model_copy(update={"seeds": (8,)})
    assert "file:" not in text
