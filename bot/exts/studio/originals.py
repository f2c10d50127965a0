"""Files by direct message: the pictures as they were posted, for whoever wants to keep them."""

import io

import discord
import structlog

from bot.client import EaselClient, tell_privately
from bot.discord_api import NO_MENTIONS, attachment_origins, is_too_large
from bot.exts.studio.source import message_of_job, pictures_in
from bot.pictures.fetching import fetch
from bot.refusals import Refused
from bot.wording import answers
from bot.wording.catalogue import say
from bot.wording.jobs import link_to_pictures
from tasks.ledger import Job

log = structlog.get_logger()


async def send(interaction: discord.Interaction[EaselClient], job: Job) -> None:
    """Each file as it is; where direct messages are closed or take no file of that size, that is said."""
    locale = str(interaction.locale)
    message = await message_of_job(interaction, job)
    if message is None:
        return
    await interaction.response.defer(ephemeral=True, thinking=True)
    try:
        await _send(interaction, job, list(pictures_in(message, job).values()))
    except Refused as refused:
        sentence = answers.refusal(refused.refusal, locale=locale)
    except discord.Forbidden:
        sentence = say("originals.closed", locale=locale)
    except discord.HTTPException as error:
        if not is_too_large(error):
            raise
        sentence = say("originals.too_large", locale=locale)
    else:
        sentence = say("originals.sent", locale=locale)
    await tell_privately(interaction, sentence)


async def _send(interaction: discord.Interaction[EaselClient], job: Job, pictures: list[discord.Attachment]) -> None:
    """Raises `Refused` where a file does not come, and discord.py's errors."""
    origins = attachment_origins()
    files = []
    for each in pictures:
        data = await fetch(each.url, option=each.filename, origins=origins)
        files.append(_file(each, data))
    content = say("originals.here", locale=str(interaction.locale), link=link_to_pictures(job))
    await interaction.user.send(content, files=files, allowed_mentions=NO_MENTIONS)
    log.info("files sent by direct message", job_id=job.id, user_id=interaction.user.id, files=len(files))


def _file(attachment: discord.Attachment, data: bytes) -> discord.File:
    return discord.File(io.BytesIO(data), filename=attachment.filename, description=attachment.description)
