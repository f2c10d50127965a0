"""Ends a job that waits or is drawn, tells the worker, and says who did it."""

import asyncio
from collections.abc import Awaitable, Iterable

import discord
import structlog
from redis.exceptions import RedisError

from bot import message_lock
from bot.client import EaselClient, tell_privately
from bot.discord_api import NO_MENTIONS
from bot.wording import answers
from tasks.ledger import Job
from tasks.publishing import BrokerUnavailable

log = structlog.get_logger()

_LOCK_WAIT_S = 1.0


async def cancel_job(interaction: discord.Interaction[EaselClient], job: Job) -> None:
    """The Cancel button; too late is said."""
    services = interaction.client.services
    cancelled = await services.in_ledger(services.ledger.jobs.cancel, job.id, now=services.clock())
    if cancelled is None:
        now_is = await services.in_ledger(services.ledger.jobs.get, job.id)
        await tell_privately(interaction, answers.too_late((now_is or job).state, locale=str(interaction.locale)))
        return
    on_status = interaction.message is not None and interaction.message.id == cancelled.reply_message_id
    show = _show_here if on_status or cancelled.reply_message_id is None else _show_there
    log.info("job cancelled", job_id=job.id, by_user_id=interaction.user.id, was=job.state)
    # Side by side: a broker that hangs must not cost the 3 s, nor a refused answer the news to the worker.
    await _all_told(job.id, stop_worker(interaction.client, job.id), show(interaction, cancelled))


async def aftermath(interaction: discord.Interaction[EaselClient], cancelled: Iterable[Job]) -> None:
    """What follows a cancel in the ledger: workers stop, status messages say so."""
    for job in cancelled:
        log.info("job cancelled", job_id=job.id, by_user_id=interaction.user.id)
        await _all_told(
            job.id,
            stop_worker(interaction.client, job.id),
            interaction.client.editor.close(job, _sentence(interaction, job)),
        )


async def _all_told(job_id: str, *tellings: Awaitable[None]) -> None:
    results = await asyncio.gather(*tellings, return_exceptions=True)
    for failure in results:
        if isinstance(failure, BaseException):
            log.warning("cancel was not told", job_id=job_id, error=repr(failure))


def _sentence(interaction: discord.Interaction[EaselClient], job: Job) -> str:
    return answers.cancelled(interaction.user.id, prompt=job.spec.prompt, locale=job.locale)


async def _show_there(interaction: discord.Interaction[EaselClient], job: Job) -> None:
    """The press came from another message than the status: that one says so, too."""
    content = _sentence(interaction, job)
    await interaction.response.edit_message(content=content, view=None, allowed_mentions=NO_MENTIONS)
    await interaction.client.editor.close(job, content)


async def _show_here(interaction: discord.Interaction[EaselClient], job: Job) -> None:
    """Under the lock, so that a progress edit that is on its way does not come last."""
    lock = message_lock.for_progress(interaction.client.services.redis, job.id, wait_s=_LOCK_WAIT_S)
    try:
        held = await lock.acquire()
    except RedisError:
        held = False
    try:
        await interaction.response.edit_message(
            content=_sentence(interaction, job), attachments=[], view=None, allowed_mentions=NO_MENTIONS
        )
    finally:
        if held:
            await message_lock.release(lock)


async def stop_worker(client: EaselClient, job_id: str) -> None:
    """Tell whoever draws it to stop, and let workers drop its message."""
    publisher = client.services.publisher
    try:
        await client.services.in_broker(publisher.cancel, job_id)
        await client.services.in_broker(publisher.withdraw, job_id)
    except BrokerUnavailable as error:
        # The ledger has ended the job: whatever a worker still hands over is dropped.
        log.warning("worker was not told of the cancel", job_id=job_id, error=str(error))
