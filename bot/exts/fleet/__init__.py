"""`/fleet`: the owner's own levers, registered in the owner's server alone."""

from typing import Any

import discord
from discord import app_commands

from bot.client import EaselClient
from bot.exts.fleet.asking import FleetButton
from bot.exts.fleet.group import FleetGroup


def add_commands(tree: app_commands.CommandTree[Any], *, owner_guild_id: int | None) -> None:
    """Nothing where no server is the owner's."""
    if owner_guild_id is not None:
        tree.add_command(FleetGroup(), guild=discord.Object(owner_guild_id))


def add_buttons(client: EaselClient) -> None:
    client.add_dynamic_items(FleetButton)
