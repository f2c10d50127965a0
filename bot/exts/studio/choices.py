"""What several commands offer for the same option."""

from collections.abc import Mapping

import discord
from discord import app_commands

from bot import model_index
from bot.aspects import ASPECTS
from bot.client import EaselClient
from config.registry import Checkpoint
from tasks.infotext import SAMPLER_NAMES

MAX_STEPS = 60
MAX_CFG = 30.0
_NAME_LIMIT = 100

ASPECT_CHOICES = [app_commands.Choice(name=aspect, value=aspect) for aspect in ASPECTS]
SAMPLER_CHOICES = [app_commands.Choice(name=name, value=sampler) for sampler, name in SAMPLER_NAMES.items()]


async def suggest_models(interaction: discord.Interaction[EaselClient], typed: str) -> list[app_commands.Choice[str]]:
    """What this server allows, from memory: no request, no thread."""
    return _choices(interaction.client.shelf.offered(interaction.guild_id), typed)


async def suggest_every_model(
    interaction: discord.Interaction[EaselClient], typed: str
) -> list[app_commands.Choice[str]]:
    """Also what is denied here, for those who decide that."""
    return _choices(interaction.client.services.registry.checkpoints, typed)


def _choices(checkpoints: Mapping[str, Checkpoint], typed: str) -> list[app_commands.Choice[str]]:
    return [
        app_commands.Choice(name=checkpoint.name[:_NAME_LIMIT], value=checkpoint.id)
        for checkpoint in model_index.suggestions(checkpoints, typed)
    ]
