"""Drawing: `/imagine`, and the buttons of its messages."""

from typing import Any

from discord import app_commands

from bot.client import EaselClient
from bot.exts.studio.cancel import CancelButton
from bot.exts.studio.imagine import imagine


def add_commands(tree: app_commands.CommandTree[Any]) -> None:
    tree.add_command(imagine)


def add_buttons(client: EaselClient) -> None:
    client.add_dynamic_items(CancelButton)
