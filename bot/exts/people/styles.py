"""Styles: suggestions, and what a name may be."""

import re

import discord
from discord import app_commands
from sqlalchemy.exc import SQLAlchemyError

from bot.client import EaselClient
from tasks.ledger.people_models import Style

MOST_STYLES = 50
_NAME = re.compile(r"[\w][\w -]{0,31}")
_SUGGESTED = 25


async def suggest(interaction: discord.Interaction[EaselClient], typed: str) -> list[app_commands.Choice[str]]:
    """The styles that a member may use here."""
    services = interaction.client.services
    try:
        found = await services.in_ledger(services.ledger.people.styles, interaction.user.id, interaction.guild_id)
    except SQLAlchemyError:
        return []
    names = dict.fromkeys(style.name for style in found if typed.strip().casefold() in style.name)
    return [app_commands.Choice(name=name, value=name) for name in names][:_SUGGESTED]


async def usable(interaction: discord.Interaction[EaselClient]) -> list[Style]:
    """All of them, own ones first among those with one name."""
    services = interaction.client.services
    return list(await services.in_ledger(services.ledger.people.styles, interaction.user.id, interaction.guild_id))


def proper_name(given: str) -> str | None:
    """The name as it is kept; None where it cannot be one."""
    name = " ".join(given.split()).casefold()
    return name if _NAME.fullmatch(name) else None
