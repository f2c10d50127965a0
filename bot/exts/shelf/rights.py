"""Who may publish: what is added serves every server, so it is the owner's moderators."""

import discord

from bot.client import EaselClient, tell_privately
from bot.wording.catalogue import say


async def may_publish(interaction: discord.Interaction[EaselClient]) -> bool:
    """Whether this member may; if not, they have been told why."""
    owner_guild_id, locale = interaction.client.services.desk.owner_guild_id, str(interaction.locale)
    if owner_guild_id is None:
        await tell_privately(interaction, say("publish.no_owner", locale=locale))
        return False
    if interaction.guild_id != owner_guild_id or not interaction.permissions.manage_guild:
        await tell_privately(interaction, say("publish.no_right", locale=locale))
        return False
    return True
