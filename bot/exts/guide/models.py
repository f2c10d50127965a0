"""`/models`: what one can draw with here."""

import discord
from discord import app_commands

from bot import model_index
from bot.client import EaselClient, tell_privately
from bot.house.limits import day_began
from bot.house.rules import allowed_models
from bot.wording.catalogue import say
from bot.wording.escaping import harmless
from bot.wording.house import MODELS_PER_PAGE, models_message
from config.registry import Checkpoint
from tasks.ledger import Visitor

_NAME_LIMIT = 100


@app_commands.command(name="models", description="What one can draw with here, and which a GPU has loaded")
@app_commands.describe(search="Part of a name", page="Which page")
@app_commands.allowed_contexts(guilds=True, dms=True, private_channels=False)
@app_commands.allowed_installs(guilds=True, users=False)
async def models(
    interaction: discord.Interaction[EaselClient],
    search: str = "",
    page: app_commands.Range[int, 1, 1000] = 1,
) -> None:
    locale = str(interaction.locale)
    found = [each for each in await _allowed(interaction) if model_index.matches(each, search)]
    if not found:
        await tell_privately(interaction, say("models.none", locale=locale, given=harmless(search, most=60) or "-"))
        return
    pages = -(-len(found) // MODELS_PER_PAGE)
    page = min(page, pages)
    shown = found[(page - 1) * MODELS_PER_PAGE : page * MODELS_PER_PAGE]
    warm = set(interaction.client.board.fleet.loaded)
    await tell_privately(interaction, models_message(shown, page=page, pages=pages, warm=warm, locale=locale))


@models.autocomplete("search")
async def suggest(interaction: discord.Interaction[EaselClient], typed: str) -> list[app_commands.Choice[str]]:
    """From memory."""
    found = model_index.suggestions(interaction.client.services.registry.checkpoints, typed)
    return [app_commands.Choice(name=each.name[:_NAME_LIMIT], value=each.name[:_NAME_LIMIT]) for each in found]


async def _allowed(interaction: discord.Interaction[EaselClient]) -> list[Checkpoint]:
    services, now = interaction.client.services, interaction.client.services.clock()
    visitor = Visitor(guild_id=interaction.guild_id, user_id=interaction.user.id)
    house = await services.in_ledger(services.ledger.house.seen_by, visitor, day_began=day_began(now), now=now)
    return list(allowed_models(services.registry, house).checkpoints.values())
