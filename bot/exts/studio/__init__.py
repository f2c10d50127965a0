"""Drawing: `/imagine`, `/upscale`, `/inpaint`, and the buttons and windows of its messages."""

from typing import Any

from discord import app_commands

from bot.client import EaselClient
from bot.exts.studio import modals
from bot.exts.studio.imagine import imagine
from bot.exts.studio.inpaint import inpaint
from bot.exts.studio.press import JobButton, MoreList
from bot.exts.studio.upscale import upscale


def add_commands(tree: app_commands.CommandTree[Any]) -> None:
    tree.add_command(imagine)
    tree.add_command(upscale)
    tree.add_command(inpaint)


def add_buttons(client: EaselClient) -> None:
    client.add_dynamic_items(JobButton, MoreList)
    client.hear_interactions(modals.on_interaction)
