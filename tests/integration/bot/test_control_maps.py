"""What a ControlNet followed is shown beside the pictures; a bad map costs nobody a picture."""

import asyncio
from typing import Any

import pytest
from PIL import Image

from tasks import blobs, keys
from tasks.ledger import Job
from tasks.lifecycle import JobState
from tests.integration.bot.studio import Studio
from tests.unit.bot.pictures import attached, photo, saved


async def drawn(studio: Studio, **options: Any) -> Job:
    await studio.use(prompt="a fox", control_image=attached(photo((64, 64))), **options)
    return await studio.newest(JobState.QUEUED)


async def test_the_map_is_posted_behind_the_pictures(drawing: Studio) -> None:
    """With words for those who cannot see it; it is no picture that a button could mean, and leaves Redis, too."""
    job = await drawing.render(await drawn(drawing, control="depths", images=2, spoiler=True))
    (message,) = await drawing.messages()
    assert [each["filename"] for each in message["attachments"]] == [
        f"SPOILER_easel-{job.id}-1.png",
        f"SPOILER_easel-{job.id}-2.png",
        f"SPOILER_easel-{job.id}-map-1.png",
    ]
    assert message["attachments"][2]["description"] == "The map that the ControlNet depths followed"
    assert not drawing.redis.exists(keys.blob(job.id, 2, epoch=1))


@pytest.mark.parametrize("control", ["depths:map", "tiles"])
async def test_what_was_followed_as_it_is_is_not_shown_again(drawing: Studio, control: str) -> None:
    """The member has that picture already."""
    await drawing.render(await drawn(drawing, control=control))
    (message,) = await drawing.messages()
    assert len(message["attachments"]) == 1


@pytest.mark.parametrize("data", [b"<html>", saved(Image.new("RGB", (32, 32))), None])
async def test_a_bad_map_is_left_out(drawing: Studio, data: bytes | None) -> None:
    """It is as little to be believed as a picture, but nobody draws again for its sake."""
    job = await drawn(drawing, control="depths")
    result = await asyncio.to_thread(drawing.result_of, job)
    (ref,) = result.maps
    if data is None:
        drawing.redis.delete(ref.key)
    else:
        bad = blobs.put(drawing.redis, job.id, 1, epoch=job.epoch, data=data, seed=0, size=(64, 64))
        result = result.model_copy(update={"maps": (bad,)})
    await asyncio.to_thread(drawing.office.rendered, result)
    assert (await drawing.job(job.id)).state is JobState.POSTED
    (message,) = await drawing.messages()
    assert len(message["attachments"]) == 1


async def test_maps_of_a_finished_picture(drawing: Studio) -> None:
    """The list below a picture: each ControlNet's, by its name."""
    parent = await drawing.posted()
    press = {"component": f"v1:select:more:{parent.id}", "values": ["maps:1"], "user": "member-1", "wait": True}
    await drawing.server.control("POST", "interactions", press | {"message_id": str(parent.posted_message_id)})
    job = await drawing.render(await drawing.newest(JobState.QUEUED))
    shown = next(each for each in await drawing.messages() if int(each["id"]) == job.posted_message_id)
    told = [each["description"].split("ControlNet ")[1] for each in shown["attachments"][1:]]
    assert told == ["edges followed", "depths followed"]
