"""From a job's row to the queue: the acknowledgement that Discord wants within 3 s, then the message to the workers."""

import time

import aiohttp
import discord
import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.acceptance import Accepted
from bot.buttons import WHILE_WAITING, job_view
from bot.client import EaselClient
from bot.discord_api import ALREADY_ACKNOWLEDGED, NO_MENTIONS, UNKNOWN_INTERACTION
from bot.wording.waiting import queue_away_message, status_message
from tasks.ledger import Job
from tasks.publishing import BrokerUnavailable

log = structlog.get_logger()


async def acknowledge(interaction: discord.Interaction[EaselClient], receipt: Accepted) -> bool:
    """Answer with the status message. False where the job must not go on: it was answered before, or nobody sees it."""
    client, job = interaction.client, receipt.job
    if not receipt.created and job.reply_message_id is not None:
        log.info("command arrived again", job_id=job.id, interaction_id=interaction.id)
        return False
    line = client.board.line(job)
    content = status_message(job.spec.prompt, line, now=client.services.clock(), locale=job.locale)
    started = time.monotonic()
    try:
        message_id = await _shown(interaction, job, content)
    except discord.HTTPException as error:
        return await _unacknowledged(client, job, error)
    except (aiohttp.ClientError, OSError) as error:
        # Perhaps Discord has it. The row is there, so the job goes on and its message is found by the token.
        log.warning("acknowledgement uncertain", job_id=job.id, error=repr(error))
        return True
    ack_s = time.monotonic() - started
    client.services.metrics.ack.observe(ack_s)
    log.info("job received", job_id=job.id, user_id=job.user_id, ack_s=round(ack_s, 3))
    client.board.shows(job, line)
    if message_id is not None:
        await _remember_reply(client, job, message_id)
    return True


async def _shown(interaction: discord.Interaction[EaselClient], job: Job, content: str) -> int | None:
    """The first answer; where pictures were fetched meanwhile, Discord shows "thinking", which becomes the answer."""
    view = job_view(WHILE_WAITING, job.id, locale=job.locale)
    if interaction.response.is_done():
        filled = await interaction.edit_original_response(content=content, view=view, allowed_mentions=NO_MENTIONS)
        return filled.id
    answered = await interaction.response.send_message(
        content, view=view, ephemeral=job.private, allowed_mentions=NO_MENTIONS
    )
    return answered.message_id


async def enqueue(interaction: discord.Interaction[EaselClient], job: Job) -> None:
    """RECEIVED → QUEUED, then the message to the workers. Whatever fails here, the sweep makes good."""
    services = interaction.client.services
    jobs = services.ledger.jobs
    try:
        queued = await services.in_ledger_later(jobs.queue, job.id, now=services.clock())
        if queued is None:
            return
        await _publish(interaction.client, queued)
        await services.in_ledger_later(jobs.published, job.id, epoch=queued.epoch, now=services.clock())
    except SQLAlchemyError as error:
        log.warning("ledger does not answer, the sweep will queue the job", job_id=job.id, error=repr(error))
    except BrokerUnavailable as error:
        log.warning("queue does not answer, the sweep will publish the job", job_id=job.id, error=str(error))
        await _tell_queue_is_away(interaction, job)


async def _publish(client: EaselClient, job: Job) -> None:
    services = client.services
    await services.in_broker(
        services.publisher.render,
        job.id,
        epoch=job.epoch,
        spec=job.spec,
        priority=job.priority,
        now=services.clock(),
    )
    log.info("job queued", job_id=job.id, checkpoint=job.spec.checkpoint.id, priority=job.priority)
    await services.in_broker(services.publisher.wake_fleet)


async def _unacknowledged(client: EaselClient, job: Job, error: discord.HTTPException) -> bool:
    """Whether the job goes on although Discord did not simply take the answer."""
    if error.code == ALREADY_ACKNOWLEDGED:  # a replay, or our own first try whose answer was lost
        return True
    log.warning("acknowledgement refused", job_id=job.id, status=error.status, code=error.code)
    if error.code != UNKNOWN_INTERACTION:
        return True
    # The member reads "did not respond" and will send it again: do not pay for a picture that nobody awaits.
    services = client.services
    await services.in_ledger(services.ledger.jobs.cancel, job.id, now=services.clock())
    return False


async def _remember_reply(client: EaselClient, job: Job, message_id: int) -> None:
    services = client.services
    try:
        await services.in_ledger_later(services.ledger.jobs.acknowledged, job.id, reply_message_id=message_id)
    except SQLAlchemyError as error:
        log.warning("reply was not noted", job_id=job.id, message_id=message_id, error=repr(error))


async def _tell_queue_is_away(interaction: discord.Interaction[EaselClient], job: Job) -> None:
    try:
        await interaction.edit_original_response(
            content=queue_away_message(job.spec.prompt, locale=job.locale), allowed_mentions=NO_MENTIONS
        )
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
        log.warning("status edit failed", job_id=job.id, error=repr(error))
