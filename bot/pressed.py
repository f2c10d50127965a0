"""What is pressed below a message of any release: its id says everything, and nothing about it is in memory."""

import re
from typing import Any, Self

import discord

from bot.client import EaselClient, explained

_NOTHING = r"(?!)"  # each kind has its own pattern


class Pressed(discord.ui.DynamicItem[discord.ui.Item[discord.ui.View]], template=_NOTHING):
    """A button that comes back as its id alone. `said` are the groups of its kind's `template`."""

    def __init__(self, match: re.Match[str]) -> None:
        super().__init__(self.shell(match.string))
        self.said = match.groupdict()

    @staticmethod
    def shell(custom_id: str) -> discord.ui.Item[discord.ui.View]:
        """What Discord showed; only its id matters."""
        return discord.ui.Button(custom_id=custom_id)

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[discord.Client],
        item: discord.ui.Item[discord.ui.View],
        match: re.Match[str],
        /,
    ) -> Self:
        del interaction, item
        return cls(match)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        with interaction.client.services.in_flight.one():
            await explained(interaction, self.act(interaction))

    async def act(self, interaction: discord.Interaction[EaselClient]) -> None:
        """What a press does."""
        raise NotImplementedError
