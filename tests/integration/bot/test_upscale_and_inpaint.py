"""`/upscale` and `/inpaint`: orders that a worker can draw, posted like all others, and each mistake told."""

import io
from typing import Any

import pytest
from PIL import Image

from tasks import blobs
from tasks.lifecycle import JobState
from tasks.schema import InpaintSpec, UpscaleSpec
from tests.integration.bot.studio import Studio
from tests.unit.bot.pictures import attached, photo, saved, strokes


async def test_an_attached_picture_is_enlarged(drawing: Studio) -> None:
    """With words of our own, for nobody knows what is in it; every pixel of it is kept."""
    await drawing.use("upscale", image=attached(photo((96, 64))), factor=4, detail=0.3)
    job = await drawing.newest(JobState.QUEUED)
    spec = job.spec
    assert isinstance(spec, UpscaleSpec)
    assert (spec.width, spec.height, spec.detail, spec.tile) == (384, 256, 0.3, 64)
    assert (job.parent_id, job.relation) == (None, None)
    posted = await drawing.render(job)
    (message,) = await drawing.messages()
    assert (message["attachments"][0]["width"], message["attachments"][0]["height"]) == (384, 256)
    assert posted.state is JobState.POSTED


async def test_a_jobs_picture_is_enlarged_with_its_words(drawing: Studio) -> None:
    """The second of two; the new job knows where it came from."""
    parent = await drawing.posted(prompt="a red fox", images=2, steps=9)
    await drawing.use("upscale", job=parent.id, index=2)
    job = await drawing.newest(JobState.QUEUED)
    spec = job.spec
    assert isinstance(spec, UpscaleSpec)
    assert (spec.prompt, spec.num_inference_steps, spec.factor, spec.detail) == ("a red fox", 9, 2, 0.2)
    assert (job.parent_id, job.relation) == (parent.id, "upscale")
    (message,) = (each for each in await drawing.messages() if int(each["id"]) == parent.posted_message_id)
    second = await drawing.file(message["attachments"][1])
    assert pixels(blobs.get_input(drawing.redis, spec.image)) == pixels(second)


async def test_jobs_with_pictures_are_suggested(drawing: Studio) -> None:
    """And no others."""
    parent = await drawing.posted(prompt="a red fox")
    await drawing.queued(prompt="a blue fox")
    assert [each["value"] for each in await drawing.suggestions("upscale", "job")] == [parent.id]


WRONG_UPSCALES: list[tuple[dict[str, Any], str]] = [
    ({}, "Say what to enlarge"),
    ({"image": attached(photo()), "job": "0" * 26}, "Say what to enlarge"),
    ({"job": "0" * 26}, "No job of yours is called"),
    ({"image": attached(photo()), "factor": 3}, "`factor` is 3; choose one of 2, 4."),
    ({"image": attached(photo()), "detail": 0.9}, "`detail` is 0.9; it must be from 0 to 0.6."),
    ({"image": attached(photo((1200, 1100))), "factor": 4}, "The picture has 1200×1100 pixels; 4 times as large"),  # noqa: RUF001
    ({"image": attached(photo((2100, 2000)))}, "`image` has 2100×2000 pixels; at most 4 megapixels"),  # noqa: RUF001
    ({"image": attached(b"<svg/>", "a.svg")}, "`image` is of the kind image/svg"),
]


async def test_what_is_wrong_with_an_upscale_is_told(drawing: Studio) -> None:
    """With what would be right."""
    for options, sentence in WRONG_UPSCALES:
        said = await drawing.says("upscale", **options)
        assert said.startswith(sentence), said


async def test_a_picture_that_is_gone_or_hidden_is_told(drawing: Studio) -> None:
    """The message was deleted behind our back; there is no such picture; the job is somebody else's."""
    parent = await drawing.posted(prompt="a red fox")
    assert (await drawing.says("upscale", job=parent.id, index=3)).startswith("This job has no picture 3; it has 1.")
    assert (await drawing.says("upscale", job=parent.id, user="member-2")).startswith("No job of yours is called")
    await drawing.press("Delete", parent.posted_message_id)
    await drawing.until(lambda: drawing.ledger.jobs.get(parent.id).deleted_at)  # type: ignore[union-attr]
    assert (await drawing.says("upscale", job=parent.id)).startswith("This message has no picture to begin with")


async def test_a_picture_is_drawn_anew_where_the_mask_is_white(drawing: Studio) -> None:
    """At its own size, with the words of the command."""
    await drawing.use(
        "inpaint",
        image=attached(photo()),
        mask=attached(strokes()),
        prompt="a hat --no rain",
        strength=0.8,
        lora="ink:1",
    )
    job = await drawing.newest(JobState.QUEUED)
    spec = job.spec
    assert isinstance(spec, InpaintSpec)
    assert (spec.prompt, spec.negative_prompt, spec.strength) == ("a hat", "rain", 0.8)
    assert (spec.width, spec.height, [each.id for each in spec.loras]) == (96, 64, ["ink"])
    mask = Image.open(io.BytesIO(blobs.get_input(drawing.redis, spec.mask)))
    assert (mask.getpixel((5, 5)), mask.getpixel((90, 5))) == (255, 0)
    assert (await drawing.render(job)).state is JobState.POSTED


async def test_a_hole_in_the_picture_is_its_mask(drawing: Studio) -> None:
    """One file is enough."""
    cut = photo().convert("RGBA")
    cut.paste((0, 0, 0, 0), (0, 0, 48, 64))
    await drawing.use("inpaint", image=attached(cut), prompt="a hat")
    spec = (await drawing.newest(JobState.QUEUED)).spec
    assert isinstance(spec, InpaintSpec)
    assert pixels(blobs.get_input(drawing.redis, spec.mask)) == pixels(saved(strokes()))


WRONG_MASKS: list[tuple[dict[str, Any], str]] = [
    ({}, "Say what to change"),
    ({"mask": attached(strokes((64, 64)))}, "The `mask` has 64×64 pixels and the `image` 96×64."),  # noqa: RUF001
    ({"mask": attached(photo(colour="black"))}, "The `mask` is black everywhere"),
    ({"mask": attached(b"not a picture", "mask.png")}, "`mask` cannot be read as a picture."),
    ({"mask": attached(strokes()), "strength": 0.0}, "`strength` is 0.0; it must be from 0.05 to 1."),
    ({"mask": attached(strokes()), "prompt": " "}, "`prompt` is empty."),
    ({"mask": attached(strokes()), "model": "none"}, "No model is called none."),
]


async def test_what_is_wrong_with_a_mask_is_told(drawing: Studio) -> None:
    """With what would be right."""
    for options, sentence in WRONG_MASKS:
        said = await drawing.says("inpaint", **({"image": attached(photo()), "prompt": "a hat"} | options))
        assert said.startswith(sentence), said


@pytest.mark.parametrize("command", ["upscale", "inpaint"])
async def test_members_own_defaults_hold(drawing: Studio, command: str) -> None:
    """Private is private for every command that draws."""
    await drawing.use("settings set", private=True)
    options: dict[str, Any] = {"prompt": "a hat", "mask": attached(strokes())} if command == "inpaint" else {}
    await drawing.use(command, image=attached(photo()), **options)
    assert (await drawing.newest(JobState.QUEUED)).private


def pixels(data: bytes) -> bytes:
    return Image.open(io.BytesIO(data)).tobytes()
