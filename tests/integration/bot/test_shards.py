"""A bot too large for one gateway connection: each server is heard through its own, and nothing is heard twice."""

import asyncio
import signal
from typing import Any

import discord
import pytest
from discord import app_commands

from bot import exts
from bot.checkup import inspect
from bot.client import EaselClient, ShardedEaselClient
from sandbox.discord.server import DiscordServer
from sandbox.discord.world import GUILD_ID, Channel, Guild, shard_of
from tasks.ledger import Ledger
from tasks.lifecycle import JobState
from tests.integration.bot.studio import Studio
from tests.integration.bot.test_processes import BOT, environment, health, process, run
from tests.unit.bot.registries import registry

NEIGHBOURS = Guild(str(int(GUILD_ID) + (1 << 22)), "Neighbours")
FIREPLACE = Channel(str(int(NEIGHBOURS.id) + 100), "fireplace", guild_id=NEIGHBOURS.id)


@pytest.fixture
def large(server: DiscordServer) -> DiscordServer:
    """A Discord that recommends two connections, with a server for each of them."""
    server.state.shards = 2
    server.state.world.add_guild(NEIGHBOURS, FIREPLACE)
    assert {shard_of(GUILD_ID, 2), shard_of(NEIGHBOURS.id, 2)} == {0, 1}
    return server


class HastyClient(ShardedEaselClient):
    """Without the five seconds that discord.py leaves between two introductions."""

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """At once: the sandbox minds nobody's haste."""


class ShardedStudio(Studio):
    """The same on several gateway connections."""

    def __init__(self, server: DiscordServer, ledger: Ledger, redis_url: str) -> None:
        super().__init__(server, ledger, redis_url, registry())
        self.bot: EaselClient = HastyClient(self.services, look_every_s=0.2)
        exts.install(self.bot)


async def order(server: DiscordServer, channel: str, prompt: str) -> Any:
    body = {"command": "imagine", "options": {"prompt": prompt}, "channel": channel, "wait": True}
    return await server.control("POST", "interactions", body)


async def test_each_server_is_heard_through_its_own_connection(
    large: DiscordServer, ledger: Ledger, redis_url: str
) -> None:
    """Commands, buttons and windows of both, and of direct messages; no interaction is handled by both connections."""
    async with ShardedStudio(large, ledger, redis_url) as studio:
        await studio.until(lambda: len(studio.bot.guilds) == 2)
        assert (await health(large))["shards"] == [[0, 2], [1, 2]]
        assert studio.bot.hears_discord
        await studio.publish()
        for number, channel in enumerate(("general", "fireplace", "dm")):
            assert (await order(large, channel, "a fox"))["answered"]
            job = await studio.render(await studio.newest(JobState.QUEUED))
            opened = await studio.press("Remix", job.posted_message_id)
            await studio.submit(opened, prompt="a blue fox")
            await studio.render(await studio.newest(JobState.QUEUED))
            assert await asyncio.to_thread(ledger.history.count, job.user_id) == 2 * (number + 1)
    assert (await health(large))["shards"] == []
    assert await large.control("GET", "violations") == []


async def test_a_lost_connection_is_an_illness_though_the_other_lives(
    large: DiscordServer, ledger: Ledger, redis_url: str
) -> None:
    """Half of the servers would go unanswered; it comes back by itself."""
    async with ShardedStudio(large, ledger, redis_url) as studio:
        await studio.until(lambda: len(studio.bot.guilds) == 2)
        await large.control("POST", "faults", {"kind": "gateway_close", "shard": 1})
        await studio.until(lambda: not studio.bot.hears_discord)
        await studio.until(lambda: studio.bot.hears_discord, within_s=30)


async def test_the_setting_alone_shards_the_process(large: DiscordServer, ledger: Ledger, redis_url: str) -> None:
    """`EASEL_SHARDED=1 python -m bot`: both servers are answered, and SIGTERM ends it with exit code 0."""
    database = ledger.engine.url.render_as_string(hide_password=False)
    env = environment(large, redis_url, database, EASEL_SHARDED="1")
    assert (await run((*BOT, "sync"), env)).returncode == 0
    with process(BOT, env) as bot:
        async with asyncio.timeout(30):
            while (await health(large))["shards"] != [[0, 2], [1, 2]]:  # noqa: ASYNC110 - another process connects
                await asyncio.sleep(0.1)
        for channel in ("general", "fireplace"):
            assert (await order(large, channel, "a fox"))["answered"]
        bot.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(bot.wait, 20) == 0
    assert (await health(large))["shards"] == []


@pytest.mark.parametrize(
    ("shards", "sharded", "line"),
    [
        (1, False, "ok  One gateway connection, as Discord recommends."),
        (1, True, "ok  One gateway connection, as Discord recommends."),
        (2, True, "ok  2 gateway connections, as Discord recommends."),
        (2, False, "!!  Discord recommends 2 gateway connections, and the bot would open one. Set EASEL_SHARDED=1."),
    ],
)
async def test_check_says_whether_the_setting_fits(
    server: DiscordServer, shards: int, sharded: bool, line: str
) -> None:
    """Whoever has grown too large learns it before Discord refuses the connection."""
    server.state.shards = shards
    async with discord.Client(intents=discord.Intents.none()) as client:
        await client.login(server.state.token)
        tree = app_commands.CommandTree(client)
        findings = await inspect(client, tree, alert_channel_id=None, sharded=sharded)
    assert line in [str(finding) for finding in findings]
