"""The menus on a message: Upscale and Use as reference… on anybody's pictures, the others on ours."""

from collections.abc import Awaitable, Callable
from typing import Any

import discord
from discord import app_commands

from bot.buttons import Action, numbered_view
from bot.client import EaselClient, tell_privately
from bot.discord_api import NO_MENTIONS
from bot.exts.studio import delete, deriving, info, reference, remix
from bot.exts.studio.source import pictures_in, readable
from bot.exts.studio.who import Who, allowed
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


async def upscale_image(interaction: discord.Interaction[EaselClient], message: discord.Message) -> None:
    """Twice as large: the only picture at once; of several of ours, the one that is then chosen."""
    services, locale = interaction.client.services, str(interaction.locale)
    job = await services.in_ledger(services.ledger.history.of_message, message.id)
    picture = readable(message)
    numbers = [] if job is None else list(pictures_in(message, job))
    if job is not None and len(numbers) > 1:
        view = numbered_view(Action.UPSCALE, job.id, numbers=numbers, locale=locale)
        sentence = say("menu.which_picture", locale=locale)
        await interaction.response.send_message(sentence, view=view, ephemeral=True, allowed_mentions=NO_MENTIONS)
    elif picture is None:
        await tell_privately(interaction, say("menu.no_picture", locale=locale))
    else:
        await deriving.enlarge(interaction, picture, job=job)


async def use_as_reference(interaction: discord.Interaction[EaselClient], message: discord.Message) -> None:
    services = interaction.client.services
    job = await services.in_ledger(services.ledger.history.of_message, message.id)
    await reference.open_window(interaction, job, message)


MENUS = {
    "Upscale 2×": upscale_image,  # noqa: RUF001 - people read a multiplication sign
    "Image info": image_info,
    "Remix…": remix_image,
    "Use as reference…": use_as_reference,
    "Delete my image": delete_image,
}


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
