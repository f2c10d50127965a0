"""The courier acts on the safety checker's verdict as the channel's rule said when the order came."""

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
from tests.integration.bot.studio import Studio
from tests.integration.bot.test_admin import rule
from tests.unit.bot.registries import registry

CHECKER = SafetyChecker(id="tiny-safety", source="file:var/weights/safety", licence="none")


@pytest.fixture
async def checked(server: DiscordServer, ledger: Ledger, redis_url: str) -> AsyncIterator[Studio]:
    async with Studio(server, ledger, redis_url, replace(registry(), safety=CHECKER)) as studio:
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
