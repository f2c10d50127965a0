"""Info: how a picture was made, for the one who asks."""

import discord

from bot.client import EaselClient, tell_privately
from bot.wording.jobs import info_message
from tasks.ledger import Job


async def show(interaction: discord.Interaction[EaselClient], job: Job) -> None:
    """Everything that draws the same picture again, and where it came from."""
    services = interaction.client.services
    parent = None
    if job.parent_id is not None:
        parent = await services.in_ledger(services.ledger.jobs.get, job.parent_id)
    await tell_privately(interaction, info_message(job, parent, locale=str(interaction.locale)))
