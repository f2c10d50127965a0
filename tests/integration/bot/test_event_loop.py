"""Nothing keeps the bot's event loop busy for 50 ms: the heartbeat and everybody's answers go through it.

That holds for each test of this folder: the watch stands in conftest.py. Here are the heaviest way and the watch.
"""

import asyncio
import gc
import threading
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from discord import app_commands

from benchmarks.many_people import entry
from tasks.ledger import Ledger
from tasks.ledger.engine import Sessions
from tests.integration.bot.studio import Studio
from tests.integration.bot.test_every_command import COMMANDS, required
from tests.loop_watch import LIMIT_S, watching

LORAS = 5000


@pytest.fixture
def ledger(ledger: Ledger) -> Ledger:
    """With thousands of LoRAs in it, as a large server has them."""
    with Sessions(ledger.engine).begin() as session:
        session.add_all(entry(number) for number in range(LORAS))
    return ledger


async def test_no_command_and_no_list_blocks_the_loop(studio: Studio) -> None:
    """Every command, every option that suggests, the reading of all entries, and the housekeeping in between."""
    await asyncio.to_thread(studio.ledger.published.add, entry(LORAS))
    await studio.bot.shelf.refresh()  # all of them are read again
    for command in COMMANDS:
        await use(studio, command)
    await studio.bot.board.look()
    await studio.bot.watcher.look()
    assert len(studio.services.registry.loras) == LORAS + 1


async def use(studio: Studio, command: app_commands.Command[Any, ..., Any]) -> None:
    assert (await studio.send(command.qualified_name, required(command), user="owner"))["answered"]
    for option in command.parameters:
        if option.autocomplete:
            await studio.suggestions(command.qualified_name, option.name, "sty", user="owner")


async def test_the_watch_sees_what_it_should() -> None:
    """A watch that is blind would let everything pass; where the loop stood is part of what it says."""

    async def greedy() -> None:
        until = time.thread_time() + 0.2
        while time.thread_time() < until:
            pass

    async def waits() -> None:
        threading.Event().wait(0.5)

    async def sleepy() -> None:
        time.sleep(0.001)  # noqa: ASYNC251 - that is what is to be seen

    with watching(innocent=()) as watch:
        await asyncio.create_task(greedy())
        await asyncio.create_task(waits())
        await asyncio.create_task(sleepy())
    assert ["greedy" in watch.slow[0], "while time.thread_time() < until" in watch.slow[0]] == [True, True]
    assert ["waits" in watch.slow[1], "threading.Event().wait(0.5)" in watch.slow[1]] == [True, True]
    assert ["time.sleep in" in watch.blocking[0], "sleepy" in watch.blocking[0]] == [True, True]
    assert (len(watch.slow), len(watch.blocking)) == (2, 1)


async def test_the_watch_takes_every_kind_of_callback() -> None:
    """A generator that nobody read to its end is closed by a task that has no name; the loop goes on."""
    closed = asyncio.Event()

    async def numbers() -> AsyncIterator[int]:
        try:
            yield 1
        finally:
            closed.set()

    with watching(innocent=()) as watch:
        async for _ in numbers():
            break
        gc.collect()
        await asyncio.wait_for(closed.wait(), 5)
    assert watch.slow == []


async def test_who_waits_for_its_turn_is_not_blamed() -> None:
    """On a machine with too much to do a callback takes long by the clock, and that is not its fault."""
    over = threading.Event()

    def hog() -> None:
        while not over.is_set():
            sum(range(10**7))  # a call that lets nobody else have the interpreter until it is done

    async def polite() -> float:
        began = time.monotonic()
        while time.monotonic() < began + 2 * LIMIT_S:
            threading.Event().wait(0.001)  # the interpreter goes to the other one, and comes back when that is done
        return time.monotonic() - began

    other = threading.Thread(target=hog)
    with watching(innocent=()) as watch:
        other.start()
        taken = await asyncio.create_task(polite())
        over.set()
        other.join()
    assert taken > 2 * LIMIT_S
    assert watch.slow == []


async def test_the_world_around_the_bot_may_take_its_time() -> None:
    """The sandbox and the tests run in the same loop; the failure of a test names the bot alone."""

    async def greedy() -> None:
        until = time.thread_time() + 0.2
        while time.thread_time() < until:
            pass

    with watching() as watch:
        await asyncio.create_task(greedy())
    assert watch.slow == []
