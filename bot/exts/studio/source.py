"""Where a finished picture is: attached to the message that carries it, whoever asks from wherever."""

import re

import aiohttp
import discord
import structlog

from bot.client import EaselClient, tell_privately
from bot.wording.catalogue import say
from tasks.ledger import Job
from tasks.lifecycle import JobState

log = structlog.get_logger()


async def picture_of(interaction: discord.Interaction[EaselClient], job: Job, number: int) -> discord.Attachment | None:
    """The picture, counted from 1; None once the member was told why there is none."""
    locale = str(interaction.locale)
    if job.state is not JobState.POSTED or job.deleted_at is not None or not job.posted_message_id:
        await tell_privately(interaction, say("source.gone", locale=locale))
        return None
    message = await _message(interaction, job)
    if message is None:
        await tell_privately(interaction, say("source.closed", locale=locale))
        return None
    found = next((each for each in message.attachments if is_picture(each.filename, job.id, number)), None)
    if found is None:
        await tell_privately(interaction, say("source.gone", locale=locale))
    return found


def is_picture(filename: str, job_id: str, number: int) -> bool:
    """Whether a file of ours is this picture, and not a map or another one."""
    return re.fullmatch(rf"(SPOILER_)?easel-{job_id}-{number}\.(png|webp)", filename) is not None


async def _message(interaction: discord.Interaction[EaselClient], job: Job) -> discord.Message | None:
    """A press brings its message along, also one that only the member sees; else Discord is asked."""
    if interaction.message is not None and interaction.message.id == job.posted_message_id:
        return interaction.message
    channel = interaction.client.get_partial_messageable(job.posted_channel_id or job.channel_id)
    return await message_in(channel, job.posted_message_id or 0)


async def message_in(channel: discord.PartialMessageable, message_id: int) -> discord.Message | None:
    """The message as it is now; None where it is gone or the bot may not look."""
    try:
        return await channel.fetch_message(message_id)
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
        log.info("message cannot be read", message_id=message_id, error=repr(error))
        return None
