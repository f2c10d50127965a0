from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox.discord.server import DiscordServer
from tests.contract.sandbox_discord.studio_bot import Running, StudioBot, point_at


@pytest.fixture
async def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[DiscordServer]:
    server = DiscordServer(data_dir=tmp_path / "discord")
    await server.start()
    point_at(server, monkeypatch)
    yield server
    await server.stop()


@pytest.fixture
async def running(server: DiscordServer) -> AsyncIterator[Running]:
    async with Running(server, StudioBot()) as running:
        await running.sync()
        yield running
