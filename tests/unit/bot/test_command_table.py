"""docs/commands.md says exactly what is registered: commands, options, menus and buttons."""

import re
from pathlib import Path

import discord
from discord import app_commands

from bot import exts
from bot.exts.jobs.menus import MENUS
from bot.exts.studio.press import RULES
from bot.exts.studio.who import Who

DOCUMENT = Path(__file__).parents[3] / "docs" / "commands.md"
_WHO = {
    Who.ANYBODY: "everybody",
    Who.REQUESTER: "who asked for it",
    Who.REQUESTER_OR_MODERATOR: "who asked for it, or Manage Messages",
}


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under a heading."""
    section = DOCUMENT.read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def registered() -> app_commands.CommandTree[discord.Client]:
    tree = app_commands.CommandTree(discord.Client(intents=discord.Intents.none()))
    exts.add_commands(tree)
    return tree


def test_the_table_of_commands_is_what_is_registered() -> None:
    """Names and options, in their order."""
    found = {
        f"/{command.qualified_name}": [parameter.display_name for parameter in command.parameters]
        for command in registered().walk_commands()
        if isinstance(command, app_commands.Command)
    }
    table = {cells[0].strip("`"): re.findall(r"`(\w+)`", cells[1]) for cells in rows("Slash commands")}
    assert table == found


def test_the_owners_commands_are_in_a_table_of_their_own() -> None:
    """And in no server but the owner's."""
    owner = discord.Object(7)
    tree = app_commands.CommandTree(discord.Client(intents=discord.Intents.none()))
    exts.add_commands(tree, owner_guild_id=owner.id)
    found = {
        f"/{command.qualified_name}": [parameter.display_name for parameter in command.parameters]
        for command in tree.walk_commands(guild=owner)
        if isinstance(command, app_commands.Command)
    }
    assert {cells[0].strip("`"): re.findall(r"`(\w+)`", cells[1]) for cells in rows("Fleet")} == found
    assert not any(command.qualified_name.startswith("fleet") for command in tree.walk_commands())


def test_the_table_of_menus_is_what_is_registered() -> None:
    """On messages; there are none on people."""
    tree = registered()
    assert [cells[0].strip("`") for cells in rows("Menus on a message")] == list(MENUS)
    assert {menu.name for menu in tree.get_commands(type=discord.AppCommandType.message)} == set(MENUS)
    assert tree.get_commands(type=discord.AppCommandType.user) == []


def test_the_table_of_buttons_is_the_table_of_rules() -> None:
    """Each button, and who may press it."""
    table = {cells[0].strip("`"): cells[2].split(";")[0] for cells in rows("Buttons")}
    assert table == {str(action): _WHO[rule.who] for action, rule in RULES.items()}


def test_every_command_fits_discord() -> None:
    """At most 25 options, 8000 characters and 100 commands."""
    commands = registered().get_commands(type=discord.AppCommandType.chat_input)
    assert len(commands) <= 100
    for command in commands:
        assert len(str(command.to_dict(registered()))) < 8000 * 2
        assert len(getattr(command, "parameters", [])) <= 25
