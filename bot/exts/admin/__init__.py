"""The rules of the house: `/admin`."""

from typing import Any

from discord import app_commands

from bot.exts.admin.group import AdminGroup


def add_commands(tree: app_commands.CommandTree[Any]) -> None:
    tree.add_command(AdminGroup())
