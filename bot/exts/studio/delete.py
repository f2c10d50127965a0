"""Delete: takes a message with pictures down."""

import discord
import structlog

from bot.client import EaselClient, tell_privately
from bot.wording.catalogue import say
from tasks.ledger import Job

log = structlog.get_logger()


async def delete_message(interaction: discord.Interaction[EaselClient], job: Job) -> None:
    """By the press's own token: that works for messages that only one member sees, too, and needs no permission."""
    await interaction.response.defer()
    try:
        await interaction.delete_original_response()
    except discord.NotFound:
        log.info("message was deleted already", job_id=job.id)
    await note_deleted(interaction, job)


async def delete_posted(interaction: discord.Interaction[EaselClient], job: Job, message: discord.Message) -> None:
    """From a menu, where the token belongs to no message: with the bot's own."""
    await interaction.response.defer(ephemeral=True)
    try:
        await message.delete()
    except discord.NotFound:
        log.info("message was deleted already", job_id=job.id)
    await note_deleted(interaction, job)
    await tell_privately(interaction, say("delete.done", locale=str(interaction.locale)))


async def note_deleted(interaction: discord.Interaction[EaselClient], job: Job) -> None:
    services = interaction.client.services
    await services.in_ledger(services.ledger.history.picture_deleted, job.id, now=services.clock())
    log.info("picture deleted", job_id=job.id, by_user_id=interaction.user.id)
