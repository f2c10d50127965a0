"""What one can draw with: `/models` and `/loras`, for everybody to read and for the owner's moderators to fill."""

from typing import Any

from discord import app_commands

from bot.client import EaselClient
from bot.exts.shelf.loras import LorasGroup
from bot.exts.shelf.models import ModelsGroup
from bot.exts.shelf.undo import ShelfButton


def add_commands(tree: app_commands.CommandTree[Any]) -> None:
    tree.add_command(ModelsGroup())
    tree.add_command(LorasGroup())


def add_buttons(client: EaselClient) -> None:
    client.add_dynamic_items(ShelfButton)
