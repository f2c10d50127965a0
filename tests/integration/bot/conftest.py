from collections.abc import AsyncIterator
from pathlib import Path

import discord
import pytest
from discord.gateway import DiscordWebSocket

from bot.discord_api import use_api
from sandbox.discord.server import DiscordServer
from tasks.ledger import Ledger
from tests.integration.bot.studio import Studio
from tests.unit.bot.drawing_registry import drawing_registry
from tests.unit.bot.registries import registry


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
