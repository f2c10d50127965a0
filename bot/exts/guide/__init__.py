"""Reading about oneself and the studio: `/quota`, `/help`."""

from typing import Any

from discord import app_commands

from bot.exts.guide.help import help_command
from bot.exts.guide.quota import quota


def add_commands(tree: app_commands.CommandTree[Any]) -> None:
    tree.add_command(quota)
    tree.add_command(help_command)
