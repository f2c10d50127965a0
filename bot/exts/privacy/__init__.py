"""One's own data: `/privacy`."""

from typing import Any

from discord import app_commands

from bot.client import EaselClient
from bot.exts.privacy.commands import PrivacyGroup
from bot.exts.privacy.erasing import EraseButton


def add_commands(tree: app_commands.CommandTree[Any]) -> None:
    tree.add_command(PrivacyGroup())


def add_buttons(client: EaselClient) -> None:
    client.add_dynamic_items(EraseButton)
