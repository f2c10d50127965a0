"""Drawing: `/imagine`, and the buttons and windows of its messages."""

from typing import Any

from discord import app_commands

from bot.client import EaselClient
from bot.exts.studio import modals
from bot.exts.studio.imagine import imagine
from bot.exts.studio.press import JobButton


def add_commands(tree: app_commands.CommandTree[Any]) -> None:
    tree.add_command(imagine)


def add_buttons(client: EaselClient) -> None:
    client.add_dynamic_items(JobButton)
    client.hear_interactions(modals.on_interaction)
