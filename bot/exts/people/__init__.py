"""What members keep: `/settings`, `/style`."""

from typing import Any

from discord import app_commands

from bot.exts.people.settings import SettingsGroup
from bot.exts.people.style_commands import StyleGroup


def add_commands(tree: app_commands.CommandTree[Any]) -> None:
    tree.add_command(SettingsGroup())
    tree.add_command(StyleGroup())
