import io

from PIL import Image
from PIL.PngImagePlugin import PngImageFile

from gpu_worker import png
from gpu_worker.renderer import Picture
from tasks import infotext
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


def test_both_texts_are_in_the_file() -> None:
    """Whatever becomes of the file, it says how it was made; UTF-8 in both."""
    assert opened().text == {
        "parameters": infotext.a1111_text(SPEC, seed=8),
        "easel": infotext.easel_text(SPEC, seed=8),
    }
