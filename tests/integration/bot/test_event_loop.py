"""Nothing keeps the bot's event loop busy for 50 ms: the heartbeat and everybody's answers go through it."""

import asyncio
import time
from typing import Any

import pytest
from discord import app_commands

from benchmarks.many_people import entry
from tasks.ledger import Ledger
from tasks.ledger.engine import Sessions
from tests.integration.bot.studio import Studio
from tests.integration.bot.test_every_command import COMMANDS, required
from tests.loop_watch import watching

LIMIT_S = 0.05
LORAS = 5000


@pytest.fixture
def ledger(ledger: Ledger) -> Ledger:
    """With thousands of LoRAs in it, as a large server has them."""
    with Sessions(ledger.engine).begin() as session:
        session.add_all(entry(number) for number in range(LORAS))
    return ledger


async def test_no_command_and_no_list_blocks_the_loop(studio: Studio) -> None:
    """Every command, every option that suggests, the reading of all entries, and the housekeeping in between."""
    with watching(limit_s=LIMIT_S) as watch:
        await asyncio.to_thread(studio.ledger.published.add, entry(LORAS))
        await studio.bot.shelf.refresh()  # all of them are read again
        for command in COMMANDS:
            await use(studio, command)
        await studio.bot.board.look()
        await studio.bot.watcher.look()
    assert len(studio.services.registry.loras) == LORAS + 1
    assert watch.slow == []
    assert watch.blocking == []


async def use(studio: Studio, command: app_commands.Command[Any, ..., Any]) -> None:
    assert (await studio.send(command.qualified_name, required(command), user="owner"))["answered"]
    for option in command.parameters:
        if option.autocomplete:
            await studio.suggestions(command.qualified_name, option.name, "sty", user="owner")


async def test_the_watch_sees_what_it_should() -> None:
    """A watch that is blind would let everything pass."""

    async def greedy() -> None:
        until = time.thread_time() + 0.08
        while time.thread_time() < until:
            pass

    async def sleepy() -> None:
        time.sleep(0.001)  # noqa: ASYNC251 - that is what is to be seen

    with watching(limit_s=LIMIT_S) as watch:
        await asyncio.create_task(greedy())
        await asyncio.create_task(sleepy())
    assert [name.rpartition(".")[2] for _, name in watch.slow] == ["greedy"]
    assert "test_event_loop.py" in watch.blocking[0]
