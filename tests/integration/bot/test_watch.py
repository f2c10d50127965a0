"""Alerts in the owner's channel, each once over restarts; metrics; `python -m bot check`."""

import discord
from discord import app_commands

from bot import exts
from bot.checkup import LEAST, inspect
from bot.command_sync import sync
from bot.watch.watcher import Watcher
from sandbox.discord.server import DiscordServer
from tasks import keys
from tasks.ledger import Ledger
from tests.integration.bot.studio import Studio
from tests.integration.bot.test_progress import fleet
from tests.unit.bot.registries import registry

STUDIO_CHANNEL = 1100000000000000201


def watcher(studio: Studio, channel_id: int = STUDIO_CHANNEL) -> Watcher:
    return Watcher(
        studio.services,
        studio.bot.board,
        studio.bot,
        alert_channel_id=channel_id,
        hears_discord=lambda: studio.bot.hears_discord,
    )


async def test_an_alert_is_given_once_over_restarts(server: DiscordServer, ledger: Ledger, redis_url: str) -> None:
    """The ledger remembers; what could not be delivered is tried again."""
    for _ in range(2):
        async with Studio(server, ledger, redis_url, registry()) as studio:
            fleet(studio, usd_today=8.5, usd_per_day_cap=10.0)
            await studio.bot.board.look()
            await studio.fault(kind="status", route="/messages$", method="POST", status=403)
            await watcher(studio).look()
            await studio.server.control("DELETE", "faults")
            await watcher(studio).look()
            await watcher(studio).look()
    (message,) = await studio.messages("studio")
    assert message["content"].startswith("**Budget**: $8.50 of $10.00 are spent today.")
    assert "`max_usd_per_day`" in message["content"]


async def test_a_lost_gateway_is_an_illness(studio: Studio) -> None:
    """The process runs, Redis and ledger answer, and no command arrives: the container must be restarted."""
    await studio.bot.watcher.look()
    assert 0 < studio.redis.pttl(keys.BOT_HEARS) <= keys.BOT_HEARS_TTL.total_seconds() * 1000
    studio.redis.delete(keys.BOT_HEARS)
    await studio.bot.ws.close(4000)
    assert not studio.bot.hears_discord
    await studio.bot.watcher.look()
    assert not studio.redis.exists(keys.BOT_HEARS)
    assert studio.services.metrics.registry.get_sample_value("easel_answers", {"who": "discord"}) == 0
    await studio.until(lambda: studio.bot.hears_discord, within_s=30)


async def test_metrics_follow_a_job(studio: Studio) -> None:
    """From the acknowledgement to the picture."""
    await studio.posted()
    await studio.queued()
    await studio.bot.board.look()
    await studio.bot.watcher.look()
    await studio.bot.watcher.look()
    read = studio.services.metrics.registry.get_sample_value
    assert read("easel_ack_seconds_count") == 2
    assert read("easel_jobs", {"state": "queued"}) == 1
    assert read("easel_jobs_ended_total", {"outcome": "posted"}) == 1
    assert read("easel_wait_seconds_count") == 1


async def test_check_prints_the_invite_and_names_what_is_missing(server: DiscordServer) -> None:
    """The least rights, and the remedy for what does not fit."""
    async with discord.Client(intents=discord.Intents.none()) as client:
        tree = app_commands.CommandTree(client)
        exts.add_commands(tree)
        await client.login(server.state.token)
        before = await inspect(client, tree, alert_channel_id=1, sharded=False)
        await sync(tree, owner_guild_id=None)
        after = await inspect(client, tree, alert_channel_id=STUDIO_CHANNEL, sharded=False)
    assert f"permissions={LEAST.value}" in str(before[1])
    assert "scope=bot+applications.commands" in str(before[1])
    assert str(before[2]).startswith("!!  Published commands differ (missing: /admin, /help")
    assert "Check EASEL_ALERT_CHANNEL_ID." in str(before[4])
    assert all(finding.good for finding in after)
    assert str(after[4]) == "ok  Alerts go to #studio."
