"""Pictures that members give reach a rented machine and come back changed as they were meant to."""

import pytest
from PIL import Image, ImageChops, ImageStat

from sandbox.studio import Studio
from tests.e2e.test_one_picture import opened, pictures_of
from tests.unit.bot.pictures import attached, photo, strokes

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

SIDE = 128


def difference(first: Image.Image, second: Image.Image) -> float:
    """How far two pictures are apart, 0 to 255 on average."""
    return sum(ImageStat.Stat(ImageChops.difference(first.convert("RGB"), second.convert("RGB"))).mean) / 3


def test_drawn_from_enlarged_and_drawn_anew_in_part(studio: Studio) -> None:
    """Near the given picture at a small strength; twice as large; untouched where the mask is black."""
    given = photo((SIDE, SIDE), "orange")
    half = (0, 0, SIDE // 2, SIDE)
    orders = (
        ("imagine", {"prompt": "a red star", "init_image": attached(given), "strength": 0.3, "steps": 6}),
        ("upscale", {"image": attached(given), "detail": 0.2}),
        ("inpaint", {"image": attached(given), "mask": attached(strokes((SIDE, SIDE), half)), "prompt": "a blue ring"}),
    )
    answers = [studio.act(command=command, options=options, wait=True) for command, options in orders]
    assert all(answer["ack_ms"] < 1500 for answer in answers)
    near, large, part = (opened(studio, pictures_of(studio, answer))[0] for answer in answers)
    assert near.size == (SIDE, SIDE)
    assert 0 < difference(near, given) < difference(near, Image.new("RGB", near.size, "blue"))
    assert large.size == (2 * SIDE, 2 * SIDE)
    outside = (SIDE // 2, 0, SIDE, SIDE)
    assert difference(part.crop(outside), given.crop(outside)) == 0
    assert difference(part.crop(half), given.crop(half)) > 0
    varied = studio.act(label="Vary subtle", message_id=str(answers[0]["message"]["id"]), wait=True)
    assert opened(studio, pictures_of(studio, varied))[0].size == (SIDE, SIDE)
