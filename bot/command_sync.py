"""Publishes the slash commands, when a person says so and never on a start: Discord allows 200 creations a day."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import discord
from discord import app_commands

_IGNORED = ("id", "application_id", "version", "guild_id")


@dataclass(frozen=True)
class SyncReport:
    """What publishing to one place changed, by command name."""

    place: str
    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]

    def __str__(self) -> str:
        parts = [
            f"{verb} {', '.join(names)}"
            for verb, names in (("added", self.added), ("changed", self.changed), ("removed", self.removed))
            if names
        ]
        return f"{self.place}: {'; '.join(parts) or 'nothing changed'}"


async def sync(tree: app_commands.CommandTree[Any], *, owner_guild_id: int | None) -> list[SyncReport]:
    """Publish what `tree` holds everywhere, and to the owner's server, where commands appear at once.

    Raises:
        discord.Forbidden: the bot is not in the owner's server.
    """
    reports = [await _publish(tree, None)]
    if owner_guild_id is not None:
        guild = discord.Object(owner_guild_id)
        tree.copy_global_to(guild=guild)
        reports.append(await _publish(tree, guild))
    return reports


async def _publish(tree: app_commands.CommandTree[Any], guild: discord.Object | None) -> SyncReport:
    before = {shown(command): command.to_dict() for command in await tree.fetch_commands(guild=guild)}
    after = {shown(command): command.to_dict() for command in await tree.sync(guild=guild)}
    return SyncReport(
        place="everywhere" if guild is None else f"server {guild.id}",
        added=tuple(sorted(after.keys() - before.keys())),
        changed=tuple(sorted(name for name in after.keys() & before.keys() if _differ(after[name], before[name]))),
        removed=tuple(sorted(before.keys() - after.keys())),
    )


def shown(command: app_commands.AppCommand) -> str:
    """A command as people know it: menus have no slash."""
    is_typed = command.type is discord.AppCommandType.chat_input
    return f"/{command.name}" if is_typed else command.name


def _differ(one: Mapping[str, object], other: Mapping[str, object]) -> bool:
    return _content(one) != _content(other)


def _content(command: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in command.items() if key not in _IGNORED}
