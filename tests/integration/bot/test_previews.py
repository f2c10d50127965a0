"""Small unfinished pictures: where they are shown, what becomes of them, and never more than the house would show."""

import base64
import io
from typing import Any

import discord
import pytest
from PIL import Image

from sandbox.discord.world import GUILD_ID
from tasks import keys
from tasks.ledger import Job
from tasks.lifecycle import JobState
from tasks.schema import Progress, Stage
from tests.integration.bot.studio import WORKER, Studio
from tests.integration.bot.test_admin import rule
from tests.integration.bot.test_progress import news


def sketch(colour: str, kind: str = "WEBP", *, size: tuple[int, int] = (128, 96)) -> str:
    """A preview as workers send it."""
    data = io.BytesIO()
    Image.new("RGB", size, colour).save(data, kind)
    return base64.b64encode(data.getvalue()).decode()


async def begun(studio: Studio, *, channel: str = "general", **options: Any) -> Job:
    """A job that a worker holds, ordered there."""
    order = {"prompt": "a red fox"} | options
    body = {"command": "imagine", "options": order, "channel": channel, "wait": True}
    await studio.server.control("POST", "interactions", body)
    job = await studio.published()
    await taken(studio, job, channel="dm-member-1" if channel == "dm" else channel)
    return job


async def house(studio: Studio, **options: Any) -> str:
    """What `/admin channel` answers, given elsewhere: here the newest message stays the one that is looked at."""
    body = {"command": "admin channel", "options": options, "user": "owner", "channel": "studio", "wait": True}
    return str((await studio.server.control("POST", "interactions", body))["message"]["content"])


async def taken(studio: Studio, job: Job, *, channel: str = "general") -> None:
    """The board knows who draws it."""
    await studio.message_says("Whoever rents the GPUs", channel=channel)
    await studio.claim(job)
    await studio.skip(4)
    await studio.message_says("A GPU has taken your job.", channel=channel)


async def shown(
    studio: Studio, job: Job, preview: str, *, step: int, channel: str = "general", **values: Any
) -> dict[str, Any]:
    """The message, once it has heard of a preview after so many steps of 20."""
    await studio.skip(4)
    said = {"worker_id": WORKER} | values
    told = Progress(
        job_id=job.id,
        epoch=job.epoch,
        stage=Stage.SAMPLING,
        step=step,
        steps=20,
        preview=preview,
        at=studio.clock(),
        **said,
    )
    studio.redis.publish(keys.progress(job.id), told.write())
    return await studio.message_says(f"step {step} of 20", channel=channel)


async def test_a_preview_is_shown_replaced_and_gone_with_the_result(studio: Studio) -> None:
    """Our own small PNG of what the worker sent; one at a time, and none beside the finished picture."""
    job = await begun(studio)
    first = await shown(studio, job, sketch("red"), step=7)
    assert [each["description"] for each in first["attachments"]] == ["Not finished yet: a red fox"]
    picture = Image.open(io.BytesIO(await studio.file(first["attachments"][0])))
    assert (picture.format, picture.size) == ("PNG", (128, 96))
    news(studio, job, Stage.SAMPLING, step=10, steps=20)
    await studio.skip(4)
    kept = await studio.message_says("step 10 of 20")
    assert kept["attachments"] == first["attachments"]
    second = await shown(studio, job, sketch("blue"), step=14)
    assert [each["filename"] for each in second["attachments"]] == ["easel-preview.png"]
    assert second["attachments"] != first["attachments"]
    await studio.render(job)
    message = (await studio.messages())[-1]
    assert [job.id in each["filename"] for each in message["attachments"]] == [True]


async def test_a_job_that_begins_anew_has_no_preview_of_its_first_attempt(studio: Studio) -> None:
    """The machine that drew it is not believed; another one begins with nothing."""
    job = await begun(studio)
    assert (await shown(studio, job, sketch("red"), step=7))["attachments"]
    again = await studio.render(job, draw=lambda _size, _seed: b"no picture")
    assert (again.state, again.epoch) == (JobState.QUEUED, 2)
    await studio.skip(4)
    message = await studio.message_says("Whoever rents the GPUs")
    assert message["attachments"] == []


async def test_a_cancel_takes_the_preview_away(studio: Studio) -> None:
    """Nobody wants to see what they have just stopped."""
    job = await begun(studio)
    message = await shown(studio, job, sketch("red"), step=7)
    assert message["attachments"]
    await studio.press_cancel(message["id"])
    message = (await studio.messages())[-1]
    assert message["attachments"] == []


@pytest.mark.parametrize(
    "broken",
    [
        "no base64!",
        base64.b64encode(b"RIFF\x10\0\0\0WEBPnonsense").decode(),
        sketch("red", "PNG"),
        sketch("red", size=(640, 480)),
        sketch("red")[:-40],
    ],
    ids=["no base64", "no picture", "another format", "too many pixels", "cut off"],
)
async def test_a_broken_preview_is_ignored(studio: Studio, broken: str) -> None:
    """It comes from a rented machine; the words are shown all the same, and the next one counts again."""
    job = await begun(studio)
    message = await shown(studio, job, broken, step=7)
    assert message["attachments"] == []
    message = await shown(studio, job, sketch("red"), step=14)
    assert len(message["attachments"]) == 1


async def test_a_moderator_switches_previews_off(studio: Studio) -> None:
    """At once, also of what is being drawn; and on again."""
    job = await begun(studio)
    await house(studio, channel="general", preview=False)
    assert (await shown(studio, job, sketch("red"), step=7))["attachments"] == []
    await house(studio, channel="general", preview=True)
    assert len((await shown(studio, job, sketch("blue"), step=14))["attachments"]) == 1


async def test_where_adult_pictures_are_hidden_there_is_no_preview(studio: Studio) -> None:
    """Nobody has yet said whether this one will be; the rule's own words say so."""
    said = await house(studio, channel="general", nsfw_policy="spoiler")
    assert said.endswith("previews: off, as long as adult pictures are posted as spoilers here.")
    message = await shown(studio, await begun(studio), sketch("red"), step=7)
    assert message["attachments"] == []


async def test_a_thread_follows_its_channel(studio: Studio) -> None:
    """It has previews of its own accord, none where its channel has none, and may say no by itself."""
    thread = await studio.open_channel("foxes", kind="thread", parent="general")
    job = await begun(studio, channel="foxes")
    assert job.channel_id == thread
    assert len((await shown(studio, job, sketch("red"), step=4, channel="foxes"))["attachments"]) == 1
    await house(studio, channel="general", preview=False)
    assert (await shown(studio, job, sketch("blue"), step=8, channel="foxes"))["attachments"] == []
    await house(studio, channel="general", preview=True)
    assert len((await shown(studio, job, sketch("green"), step=12, channel="foxes"))["attachments"]) == 1
    await house(studio, channel="foxes", preview=False)
    assert (await shown(studio, job, sketch("white"), step=16, channel="foxes"))["attachments"] == []
    await studio.render(job)
    message = (await studio.messages("foxes"))[-1]
    assert [job.id in each["filename"] for each in message["attachments"]] == [True]


async def test_a_post_follows_its_forum(studio: Studio) -> None:
    """Rules are made for the forum; whether it is age-restricted is the forum's word, too."""
    forum = await studio.open_channel("showcase", kind="forum", nsfw=True)
    await studio.open_channel("my-foxes", kind="thread", parent="showcase")
    said = await house(studio, channel="showcase", preview=False)
    assert said.startswith(f"<#{forum}>: drawing is on")
    job = await begun(studio, channel="my-foxes")
    assert (await shown(studio, job, sketch("red"), step=7, channel="my-foxes"))["attachments"] == []
    await house(studio, channel="showcase", preview=True, nsfw_policy="age_restricted")
    assert len((await shown(studio, job, sketch("blue"), step=14, channel="my-foxes"))["attachments"]) == 1
    await studio.render(job)
    await rule(studio, "filter", action="add", pattern="nude", adult=True)
    await begun(studio, channel="my-foxes", prompt="a nude")


async def test_a_thread_that_nobody_knows_has_no_preview(studio: Studio) -> None:
    """It was put away, and with it the knowledge whose rule holds there."""
    thread = await studio.open_channel("foxes", kind="thread", parent="general")
    job = await begun(studio, channel="foxes")
    guild = studio.bot.get_guild(int(GUILD_ID))
    assert guild is not None
    guild._remove_thread(discord.Object(thread))
    assert (await shown(studio, job, sketch("red"), step=7, channel="foxes"))["attachments"] == []


async def test_pictures_behind_a_spoiler_have_no_preview(studio: Studio) -> None:
    """By the member's own wish."""
    job = await begun(studio, spoiler=True)
    message = await shown(studio, job, sketch("red"), step=7)
    assert message["attachments"] == []


async def test_another_worker_cannot_put_a_picture_there(studio: Studio) -> None:
    """Only of the one that holds the job."""
    job = await begun(studio)
    message = await shown(studio, job, sketch("red"), step=7, worker_id="worker-2")
    assert message["attachments"] == []


async def test_in_direct_messages_there_is_no_moderator_to_ask(studio: Studio) -> None:
    """Who asked is the only one who sees it."""
    job = await begun(studio, channel="dm")
    message = await shown(studio, job, sketch("red"), step=7, channel="dm-member-1")
    assert len(message["attachments"]) == 1
