"""`/quota`: what one has used, and what is left."""

import discord
from discord import app_commands

from bot.client import EaselClient, tell_privately
from bot.house.limits import day_began, limits_of
from bot.wording.house import quota_message
from tasks.ledger import Visitor


@app_commands.command(name="quota", description="What you have used today, and what is left")
@app_commands.allowed_contexts(guilds=True, dms=True, private_channels=False)
@app_commands.allowed_installs(guilds=True, users=False)
async def quota(interaction: discord.Interaction[EaselClient]) -> None:
    services = interaction.client.services
    now = services.clock()
    visitor = Visitor(
        guild_id=interaction.guild_id,
        user_id=interaction.user.id,
        role_ids=tuple(role.id for role in getattr(interaction.user, "roles", ())),
    )
    began, user_id = day_began(now), interaction.user.id
    house = await services.in_ledger(services.ledger.house.seen_by, visitor, day_began=began, now=now)
    gpu_s = await services.in_ledger(services.ledger.history.gpu_seconds, user_id, since=began)
    limits = limits_of(house, services.registry.quotas)
    said = quota_message(house, limits, gpu_s=gpu_s, now=now, locale=str(interaction.locale))
    await tell_privately(interaction, said)
