"""What one has asked for: `/jobs`, and the menus on messages with pictures."""

from typing import Any

from discord import app_commands

from bot.client import EaselClient
from bot.exts.jobs.commands import JobsGroup
from bot.exts.jobs.listing import PageButton
from bot.exts.jobs.menus import add_menus


def add_commands(tree: app_commands.CommandTree[Any]) -> None:
    tree.add_command(JobsGroup())
    add_menus(tree)


def add_buttons(client: EaselClient) -> None:
    client.add_dynamic_items(PageButton)
