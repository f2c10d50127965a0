"""The Cancel button: exact, allowed to the right people, and independent of the process that sent it."""

import asyncio

from sandbox.discord.server import DiscordServer
from tasks import keys
from tasks.ledger import Ledger
from tasks.lifecycle import JobState
from tests.integration.bot.studio import Studio
from tests.unit.bot.registries import registry


async def test_cancel_works_after_a_restart_of_the_bot(server: DiscordServer, ledger: Ledger, redis_url: str) -> None:
    """The button's id says everything; a new process needs no memory of the old one."""
    async with Studio(server, ledger, redis_url, registry()) as first:
        await first.publish()
        job = await first.queued()
    async with Studio(server, ledger, redis_url, registry()) as second:
        await second.press_cancel(str(job.reply_message_id))
        assert (await second.job(job.id)).state is JobState.CANCELLED
        (message,) = await second.messages()
        await second.until(lambda: second.redis.exists(keys.cancel(job.id)))
        await second.until(lambda: not second.redis.exists(keys.epoch(job.id)))
    assert message["content"] == f"**a red fox**\nCancelled by <@{job.user_id}>."
    assert message["components"] == []
    assert message["mentions"] == []
    assert await server.control("GET", "violations") == []


async def test_only_the_requester_and_moderators_may_cancel(studio: Studio) -> None:
    """Others read whose job it is; members with Manage Messages may."""
    job = await studio.queued()
    refused = await studio.press_cancel(str(job.reply_message_id), user="member-2")
    assert refused["message"]["content"].startswith(f"Only <@{job.user_id}> or a member who may manage messages")
    assert (await studio.job(job.id)).state is JobState.QUEUED
    await studio.press_cancel(str(job.reply_message_id), user="owner")
    assert (await studio.job(job.id)).state is JobState.CANCELLED


async def test_too_late_is_said(studio: Studio) -> None:
    """Once the picture is drawn it is posted, and the button says so to the one who pressed it."""
    job = await studio.queued()
    result = await asyncio.to_thread(studio.result_of, job)
    await asyncio.to_thread(studio.ledger.jobs.rendered, result, now=studio.clock())
    outcome = await studio.press_cancel(str(job.reply_message_id))
    assert outcome["message"]["content"] == "Too late to cancel: the picture is drawn and being posted."
    assert outcome["message"]["flags"] == 64


async def test_a_result_of_a_cancelled_job_is_dropped(studio: Studio) -> None:
    """The worker may have finished at the same moment: one outcome, and it is the cancel."""
    job = await studio.queued()
    await studio.claim(job)
    await studio.press_cancel(str(job.reply_message_id))
    late = await studio.render(job)
    assert late.state is JobState.CANCELLED
    (message,) = await studio.messages()
    assert message["attachments"] == []
