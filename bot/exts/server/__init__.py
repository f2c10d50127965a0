"""How the studio is doing: `/server`."""

from typing import Any

from discord import app_commands

from bot.exts.server.status import ServerGroup


def add_commands(tree: app_commands.CommandTree[Any]) -> None:
    tree.add_command(ServerGroup())
