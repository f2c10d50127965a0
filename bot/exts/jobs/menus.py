"""The menus on a message with pictures: Image info, Remix…, Delete my image."""

from collections.abc import Awaitable, Callable
from typing import Any

import discord
from discord import app_commands

from bot.client import EaselClient, tell_privately
from bot.exts.studio import delete, info, remix
from bot.exts.studio.press import Who, allowed
from bot.wording import answers
from bot.wording.catalogue import say
from tasks.ledger import Job

Deed = Callable[[discord.Interaction[EaselClient], Job, discord.Message], Awaitable[None]]


async def image_info(interaction: discord.Interaction[EaselClient], message: discord.Message) -> None:
    await _with_job(interaction, message, Who.ANYBODY, lambda asked, job, _: info.show(asked, job))


async def remix_image(interaction: discord.Interaction[EaselClient], message: discord.Message) -> None:
    await _with_job(interaction, message, Who.ANYBODY, lambda asked, job, _: remix.open_modal(asked, job))


async def delete_image(interaction: discord.Interaction[EaselClient], message: discord.Message) -> None:
    await _with_job(interaction, message, Who.REQUESTER_OR_MODERATOR, delete.delete_posted)


MENUS = {"Image info": image_info, "Remix…": remix_image, "Delete my image": delete_image}


def add_menus(tree: app_commands.CommandTree[Any]) -> None:
    """Put all of them on the context menu of messages."""
    for name, callback in MENUS.items():
        menu = app_commands.ContextMenu(
            name=name,
            callback=callback,
            allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=False),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
        )
        tree.add_command(menu)


async def _with_job(
    interaction: discord.Interaction[EaselClient], message: discord.Message, who: Who, deed: Deed
) -> None:
    services, locale = interaction.client.services, str(interaction.locale)
    job = await services.in_ledger(services.ledger.history.of_message, message.id)
    if job is None:
        await tell_privately(interaction, say("menu.not_ours", locale=locale))
    elif not allowed(interaction, job, who):
        await tell_privately(interaction, answers.not_allowed(who.name.lower(), job.user_id, locale=locale))
    else:
        await deed(interaction, job, message)
