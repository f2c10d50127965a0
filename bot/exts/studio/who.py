"""Who may do something with a job; everybody else is told who may."""

from enum import Enum, auto

import discord

from bot.client import EaselClient
from tasks.ledger import Job


class Who(Enum):
    """Who may press a button or use a menu."""

    ANYBODY = auto()  # who draws again pays with their own quota
    REQUESTER = auto()
    REQUESTER_OR_MODERATOR = auto()  # a moderator may manage messages in this channel


def allowed(interaction: discord.Interaction[EaselClient], job: Job, who: Who) -> bool:
    """Whether the one who presses may."""
    if who is Who.ANYBODY or interaction.user.id == job.user_id:
        return True
    moderates = interaction.guild_id is not None and interaction.permissions.manage_messages
    return who is Who.REQUESTER_OR_MODERATOR and moderates and interaction.guild_id == job.guild_id
