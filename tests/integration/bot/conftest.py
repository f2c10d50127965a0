import gc
import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import discord
import pytest
import structlog
from discord.gateway import DiscordWebSocket

from bot.discord_api import use_api
from sandbox.discord.server import DiscordServer
from tasks import logs
from tasks.ledger import Ledger
from tests.integration.bot.studio import Studio
from tests.loop_watch import watching
from tests.unit.bot.drawing_registry import drawing_registry
from tests.unit.bot.registries import registry


@pytest.fixture(autouse=True)
def _logs_as_in_production() -> Iterator[None]:
    """structlog by itself paints errors for half a second, which nobody would wait for."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    logs.configure("bot")
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture(autouse=True)
def _the_loop_is_never_blocked() -> Iterator[None]:
    """Whatever a test has the bot do: nothing of it holds the event loop for 50 ms."""
    gc.freeze()  # what the tests before left behind is not the bot's, and going through it takes long
    with watching() as watch:
        yield
    gc.unfreeze()
    assert not watch.slow, "The event loop was held up:\n" + "\n".join(watch.slow)
    assert not watch.blocking, "What blocks does not belong on the event loop:\n" + "\n".join(watch.blocking)


@pytest.fixture
async def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[DiscordServer]:
    monkeypatch.setattr(discord.http.Route, "BASE", discord.http.Route.BASE)  # set back when the test is over
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", DiscordWebSocket.DEFAULT_GATEWAY)
    server = DiscordServer(data_dir=tmp_path / "discord")
    await server.start()
    use_api(server.api_url)
    yield server
    await server.stop()


@pytest.fixture
async def studio(server: DiscordServer, ledger: Ledger, redis_url: str) -> AsyncIterator[Studio]:
    async with Studio(server, ledger, redis_url, registry()) as studio:
        await studio.publish()
        yield studio
    assert await server.control("GET", "violations") == []


@pytest.fixture
async def drawing(server: DiscordServer, ledger: Ledger, redis_url: str) -> AsyncIterator[Studio]:
    """As `studio`, with LoRAs and ControlNets in its registry."""
    async with Studio(server, ledger, redis_url, drawing_registry()) as studio:
        await studio.publish()
        yield studio
    assert await server.control("GET", "violations") == []
