"""Tell me by DM: the pictures come as always, and a direct message says that they are there."""

import discord

from bot.client import EaselClient, tell_privately
from bot.wording.catalogue import say
from tasks.ledger import Job
from tasks.lifecycle import ENDED


async def by_dm(interaction: discord.Interaction[EaselClient], job: Job) -> None:
    """Note the wish, while it can still be fulfilled."""
    services, locale = interaction.client.services, str(interaction.locale)
    if job.state in ENDED:
        key = "dm.too_late"
    elif job.by_dm:
        key = "dm.already"
    else:
        await services.in_ledger(services.ledger.history.tell_by_dm, job.id)
        key = "dm.will"
    await tell_privately(interaction, say(key, locale=locale))
