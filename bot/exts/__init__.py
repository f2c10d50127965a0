"""The commands, one package per area."""

from typing import Any

from discord import app_commands

from bot.client import EaselClient
from bot.exts import admin, fleet, guide, jobs, people, privacy, server, shelf, studio


def install(client: EaselClient) -> None:
    """Give the client every command and button; nothing is published by this."""
    add_commands(client.tree, owner_guild_id=client.services.desk.owner_guild_id)
    studio.add_buttons(client)
    jobs.add_buttons(client)
    privacy.add_buttons(client)
    shelf.add_buttons(client)
    fleet.add_buttons(client)


def add_commands(tree: app_commands.CommandTree[Any], *, owner_guild_id: int | None = None) -> None:
    """Every command, for a tree that answers or one that only publishes; the owner's in their server alone."""
    studio.add_commands(tree)
    jobs.add_commands(tree)
    server.add_commands(tree)
    people.add_commands(tree)
    privacy.add_commands(tree)
    shelf.add_commands(tree)
    guide.add_commands(tree)
    admin.add_commands(tree)
    fleet.add_commands(tree, owner_guild_id=owner_guild_id)
