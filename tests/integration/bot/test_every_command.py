"""Every command there is, tried: it answers in time, and with a sentence also while the database is away."""

from typing import Any

import discord
import pytest
from discord import app_commands
from sqlalchemy import text

from sandbox.discord.world import GUILD_ID
from tests.integration.bot.studio import Studio
from tests.unit.bot.pictures import attached, photo
from tests.unit.bot.test_command_table import registered

Kind = discord.AppCommandOptionType
_VALUES: dict[Kind, Any] = {
    Kind.string: "ink",
    Kind.integer: 1,
    Kind.number: 1.0,
    Kind.boolean: True,
    Kind.user: "member-2",
    Kind.role: GUILD_ID,
    Kind.channel: "general",
    Kind.attachment: attached(photo()),
}
COMMANDS = [each for each in registered().walk_commands() if isinstance(each, app_commands.Command)]


def names(commands: list[Any]) -> list[str]:
    return [each.qualified_name for each in commands]


def required(command: app_commands.Command[Any, ..., Any]) -> dict[str, Any]:
    """The least that a command wants."""
    return {
        each.name: each.choices[0].value if each.choices else _VALUES[each.type]
        for each in command.parameters
        if each.required
    }


def break_ledger(studio: Studio) -> None:
    with studio.ledger.engine.begin() as connection:
        tables = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars().all()
        for table in tables:
            connection.execute(text(f"ALTER TABLE {table} RENAME TO {table}_gone"))


@pytest.mark.parametrize("command", COMMANDS, ids=names(COMMANDS))
async def test_the_command_answers(studio: Studio, command: app_commands.Command[Any, ..., Any]) -> None:
    """Within a second, for the owner of the server, who may use all of them; none apologizes."""
    outcome = await studio.send(command.qualified_name, required(command), user="owner")
    assert outcome["answered"]
    assert outcome["ack_ms"] < 1000
    assert studio.services.metrics.registry.get_sample_value("easel_apologies_total") == 0


async def test_every_command_answers_while_the_database_is_away(studio: Studio) -> None:
    """With a sentence that says so, unless it needs no database; never with silence or a bare number."""
    break_ledger(studio)
    for command in COMMANDS:
        outcome = await studio.send(command.qualified_name, required(command), user="owner")
        assert outcome["answered"], command.qualified_name
        for option in command.parameters:
            if option.autocomplete:
                await studio.suggestions(command.qualified_name, option.name)
    assert studio.services.metrics.registry.get_sample_value("easel_apologies_total") == 0
