"""Where a finished picture is: attached to the message that carries it, whoever asks from wherever."""

import re

import aiohttp
import discord
import structlog

from bot.client import EaselClient, tell_privately
from bot.pictures.receiving import READABLE
from bot.wording.catalogue import say
from tasks.ledger import Job
from tasks.lifecycle import JobState

log = structlog.get_logger()


async def picture_of(interaction: discord.Interaction[EaselClient], job: Job, number: int) -> discord.Attachment | None:
    """The picture, counted from 1; None once the member was told why there is none."""
    message = await message_of_job(interaction, job)
    if message is None:
        return None
    found = pictures_in(message, job).get(number)
    if found is None:
        why = "source.withheld" if _is_withheld(job, number) else "source.gone"
        await tell_privately(interaction, say(why, locale=str(interaction.locale)))
    return found


def _is_withheld(job: Job, number: int) -> bool:
    """Whether a safety checker called this picture adult; buttons of an older release lead to those, too."""
    images = job.rendered.images if job.rendered is not None else ()
    return number <= len(images) and bool(images[number - 1].adult)


async def message_of_job(interaction: discord.Interaction[EaselClient], job: Job) -> discord.Message | None:
    """The message with a job's pictures; None once the member was told why there is none.

    A press brings its message along, also one that only the member sees; else Discord is asked.
    """
    locale = str(interaction.locale)
    if job.state is not JobState.POSTED or job.deleted_at is not None or not job.posted_message_id:
        await tell_privately(interaction, say("source.gone", locale=locale))
        return None
    if interaction.message is not None and interaction.message.id == job.posted_message_id:
        return interaction.message
    channel = interaction.client.get_partial_messageable(job.posted_channel_id or job.channel_id)
    try:
        return await channel.fetch_message(job.posted_message_id)
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
        log.info("message cannot be read", message_id=job.posted_message_id, error=repr(error))
        await tell_privately(interaction, say("source.closed", locale=locale))
        return None


def pictures_in(message: discord.Message, job: Job) -> dict[int, discord.Attachment]:
    """The job's pictures among the files of its message, by their number from 1; what is withheld is missing."""
    numbers = range(1, job.spec.num_images + 1)
    return {n: each for n in numbers for each in message.attachments if is_picture(each.filename, job.id, n)}


def readable(message: discord.Message) -> discord.Attachment | None:
    """The first file of anybody's message that can be drawn from."""
    return next((each for each in message.attachments if (each.content_type or "") in READABLE), None)


def is_picture(filename: str, job_id: str, number: int) -> bool:
    """Whether a file of ours is this picture, and not a map or another one."""
    return re.fullmatch(rf"(SPOILER_)?easel-{job_id}-{number}\.(png|webp)", filename) is not None
