"""What several commands offer for the same option."""

from collections.abc import Mapping

import discord
from discord import app_commands

from bot import control_index, lora_index, model_index
from bot.aspects import ASPECTS
from bot.client import EaselClient
from bot.wording.catalogue import say
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


async def suggest_loras(interaction: discord.Interaction[EaselClient], typed: str) -> list[app_commands.Choice[str]]:
    """LoRAs with their trigger words, from memory; a weight that was typed behind a colon stays."""
    client = interaction.client
    found = lora_index.lora_choices(client.services.registry.loras, typed, warm=client.board.fleet.loaded)
    return [app_commands.Choice(name=each.label, value=each.value) for each in found]


async def suggest_controls(interaction: discord.Interaction[EaselClient], typed: str) -> list[app_commands.Choice[str]]:
    """ControlNets, and again those whose map somebody may have made already."""
    locale = str(interaction.locale)
    return [
        app_commands.Choice(name=control_name(each, locale)[:_NAME_LIMIT], value=each.value)
        for each in control_index.control_choices(interaction.client.services.registry.controlnets, typed)
    ]


def control_name(choice: control_index.ControlChoice, locale: str) -> str:
    """What a line of a list says."""
    name = choice.entry.name
    return say("control.ready_made", locale=locale, name=name) if choice.is_map else name
