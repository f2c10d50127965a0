"""What a safety checker said of each picture, by the channel's rule: what is posted, what hidden, what is offered."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from config.registry import SafetyChecker
from sandbox.discord.server import DiscordServer
from tasks import keys
from tasks.ledger import Job, Ledger
from tasks.lifecycle import JobState
from tests.integration.bot.studio import Studio, labels
from tests.integration.bot.test_admin import rule
from tests.integration.bot.test_derived import buttons, file_of, kept_pixels, message_of, pixels, selects
from tests.unit.bot.pictures import photo, saved
from tests.unit.bot.registries import registry

CHECKER = SafetyChecker(id="tiny-safety", source="file:var/weights/safety", licence="none")


@pytest.fixture
async def checked(server: DiscordServer, ledger: Ledger, redis_url: str) -> AsyncIterator[Studio]:
    async with Studio(
        server, ledger, redis_url, replace(registry(max_outstanding_per_user=9), safety=CHECKER)
    ) as studio:
        await studio.publish()
        yield studio


async def judged(studio: Studio, job: Job, *verdicts: bool | None) -> Job:
    """The worker hands over with these verdicts."""
    result = await asyncio.to_thread(studio.result_of, job)
    images = tuple(
        ref.model_copy(update={"adult": verdict}) for ref, verdict in zip(result.images, verdicts, strict=True)
    )
    await asyncio.to_thread(studio.office.rendered, result.model_copy(update={"images": images}))
    return await studio.job(job.id)


def names(message: dict[str, Any], job: Job) -> list[str]:
    return [each["filename"].replace(job.id, "JOB") for each in message["attachments"]]


async def test_blocked_pictures_are_not_posted(checked: Studio) -> None:
    """The rule where nobody set one; the others keep their numbers, and the message says what is missing."""
    job = await checked.queued(images=3)
    assert job.spec.safety is not None
    await judged(checked, job, False, True, False)
    (message,) = await checked.messages()
    assert names(message, job) == ["easel-JOB-1.png", "easel-JOB-3.png"]
    assert "One picture is not shown: it was found to be adult" in message["content"]


async def test_several_are_counted_in_german(checked: Studio) -> None:
    """In the language of whoever asked."""
    await checked.speaks("de")
    job = await checked.queued(images=3)
    await judged(checked, job, True, True, False)
    message = (await checked.messages())[-1]
    assert names(message, job) == ["easel-JOB-3.png"]
    assert "2 Bilder werden nicht gezeigt" in message["content"]


async def test_nothing_left_is_told(checked: Studio) -> None:
    """No empty message: the job has failed, with the reason."""
    job = await judged(checked, await checked.queued(), True)
    assert job.state is JobState.FAILED
    assert not checked.redis.exists(keys.blob(job.id, 0, epoch=1))
    message = await checked.message_says("What was drawn was found to be adult")
    assert message["attachments"] == []


async def test_a_spoiler_channel_hides_them_all(checked: Studio) -> None:
    """Files of one message lie side by side, so all are hidden; harmless results are not."""
    await rule(checked, "channel", channel="general", nsfw_policy="spoiler")
    job = await checked.queued(images=2)
    await judged(checked, job, False, True)
    message = (await checked.messages())[-1]
    assert names(message, job) == ["SPOILER_easel-JOB-1.png", "SPOILER_easel-JOB-2.png"]
    harmless = await checked.queued()
    await judged(checked, harmless, False)
    assert names((await checked.messages())[-1], harmless) == ["easel-JOB-1.png"]


async def test_an_age_restricted_channel_shows_them(checked: Studio) -> None:
    """Where the rule says so and Discord asks for the age."""
    await rule(checked, "channel", channel="after-dark", nsfw_policy="age_restricted")
    body = {"command": "imagine", "options": {"prompt": "a fox"}, "channel": "after-dark", "wait": True}
    await checked.server.control("POST", "interactions", body)
    job = await checked.published()
    await judged(checked, job, True)
    (message,) = await checked.messages("after-dark")
    assert names(message, job) == ["easel-JOB-1.png"]


async def test_an_unchecked_result_is_rejected(checked: Studio) -> None:
    """A worker of an older release knows nothing of the checker: another one draws."""
    job = await judged(checked, await checked.queued(), None)
    assert (job.state, job.epoch) == (JobState.QUEUED, 2)
    (message,) = await checked.messages()
    assert message["attachments"] == []


async def test_without_a_checker_nothing_changes(studio: Studio) -> None:
    """Orders name none, and results need no verdict."""
    job = await studio.posted()
    assert job.state is JobState.POSTED
    assert job.spec.safety is None


async def test_a_withheld_picture_has_no_buttons(checked: Studio) -> None:
    """Neither below the message nor in the list or the menus; a command that names it is told why not."""
    job = await judged(checked, await checked.queued(images=3), False, True, False)
    message = await message_of(checked, job)
    assert buttons(message) == [["U1", "U3", "Reroll"], ["V1", "V3", "Remix"], ["Info", "Delete"]]
    (more,) = selects(message)
    values = [each["value"] for each in more["options"]]
    assert values == ["strong:1", "strong:3", "fourfold:1", "fourfold:3", "originals", "style"]
    asked = await checked.menu("Upscale 2×", message["id"])  # noqa: RUF001
    assert labels(asked["message"]) == ["U1", "U3"]
    said = await checked.says("upscale", job=job.id, index=2)
    assert said.startswith("That picture was found to be adult and is not shown here")


async def test_what_is_left_can_be_used_and_deleted(checked: Studio) -> None:
    """The only one that is shown keeps its number: every way leads to it and to no other."""
    parent = await judged(checked, await checked.queued(images=2), True, False)
    message = await message_of(checked, parent)
    shown = pixels(await checked.file(message["attachments"][0]))
    await checked.menu("Upscale 2×", message["id"])  # noqa: RUF001
    for relation, deed in (("upscale", None), ("vary_subtle", "V2"), ("reroll", "Reroll")):
        if deed is not None:
            await checked.press(deed, message["id"])
        job = await child(checked, parent, relation)
        assert job.spec.safety is not None
        assert not job.spec.inputs or kept_pixels(checked, job) == shown
    opened = await checked.menu("Use as reference…", message["id"])
    await checked.submit(opened, prompt="a hare")
    assert kept_pixels(checked, await child(checked, parent, "reference")) == shown
    assert parent.id in (await checked.press("Info", message["id"]))["message"]["content"]
    await checked.press("Delete", message["id"])
    await checked.until(lambda: deleted(checked, parent))


async def test_where_nothing_is_left_another_drawing_is_offered(checked: Studio) -> None:
    """The same order would give the same pictures, and they would be withheld again."""
    job = await judged(checked, await checked.queued(), True)
    message = await checked.message_says("What was drawn was found to be adult")
    assert labels(message) == ["Reroll", "Remix"]
    assert labels((await checked.use("jobs show", job=job.id))["message"]) == ["Reroll", "Remix"]
    await checked.press("Reroll", message["id"])
    again = await child(checked, job, "reroll")
    assert again.spec.seeds != job.spec.seeds
    opened = await checked.press("Remix", message["id"])
    await checked.submit(opened, prompt="a hare")
    assert (await child(checked, job, "remix")).spec.prompt == "a hare"


async def test_what_is_made_of_a_hidden_picture_is_hidden(checked: Studio) -> None:
    """By the verdict alone: nobody had asked for a spoiler, and the checker may be gone when the next is drawn."""
    await rule(checked, "channel", channel="general", nsfw_policy="spoiler")
    parent = await judged(checked, await checked.queued(), True)
    assert not parent.spoiler
    await checked.press("Vary subtle", parent.posted_message_id)
    assert (await child(checked, parent, "vary_subtle")).spoiler
    opened = await checked.menu("Use as reference…", parent.posted_message_id)
    await checked.submit(opened, prompt="a hare")
    assert (await child(checked, parent, "reference")).spoiler


async def test_a_members_own_spoiler_is_kept(drawing: Studio) -> None:
    """Somebody else's picture that was posted behind a spoiler; what is made of it is not shown to all at once."""
    hidden = file_of(saved(photo())) | {"filename": "SPOILER_photo.png"}
    body = {"user": "member-2", "content": "careful", "files": [hidden]}
    message = await drawing.server.control("POST", "messages", body)
    await drawing.menu("Upscale 2×", message["id"])  # noqa: RUF001
    enlarged = await drawing.newest(JobState.QUEUED)
    assert enlarged.spoiler
    opened = await drawing.menu("Use as reference…", message["id"])
    await drawing.submit(opened, prompt="a hare")
    await drawing.until(lambda: len(drawing.ledger.jobs.in_states([JobState.QUEUED])) == 2)
    assert (await drawing.newest(JobState.QUEUED)).spoiler


def deleted(studio: Studio, job: Job) -> bool:
    found = studio.ledger.jobs.get(job.id)
    return found is not None and found.deleted_at is not None


async def child(studio: Studio, parent: Job, relation: str) -> Job:
    """The job that came of `parent` in this way, once it is queued."""

    def born() -> list[Job]:
        queued = studio.ledger.jobs.in_states([JobState.QUEUED])
        return [each for each in queued if (each.parent_id, each.relation) == (parent.id, relation)]

    await studio.until(born)
    return born()[0]
