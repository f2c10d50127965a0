"""`/server status` on the real client: for everybody, and honest about what is silent."""

from sandbox.discord.server import DiscordServer
from tasks.ledger import Ledger
from tests.integration.bot.studio import Studio
from tests.integration.bot.test_progress import fleet
from tests.redis_server import RedisServer
from tests.unit.bot.registries import registry


async def test_everybody_reads_machines_queue_wait_and_spend(studio: Studio) -> None:
    """What one waits for, and what it costs."""
    await studio.queued()
    fleet(studio, "booting", usd_per_hour=0.4, usd_today=1.25, usd_per_day_cap=10.0)
    await studio.bot.board.look()
    outcome = await studio.use("server status", user="member-2")
    assert outcome["message"]["flags"] & 64 == 0
    assert outcome["message"]["content"].splitlines() == [
        "**Studio status**",
        "1 machine at $0.40/h:",
        "• booting: RTX 4090, $0.40/h, for 30 s",
        "Queue: 1 waiting, 0 drawing, 0 being posted.",
        "A new job would take about 108 s.",
        "Spent today: $1.25 of at most $10.00.",
        "The fleet says: as it should be",
    ]


async def test_a_silent_provisioner_is_said_to_be_silent(studio: Studio) -> None:
    """Old news is shown with its age, and no wait is promised."""
    fleet(studio)
    await studio.skip(180)
    await studio.bot.board.look()
    content = (await studio.use("server status"))["message"]["content"]
    assert "was last heard of 3 min ago" in content
    assert "How long a new job would take cannot be said just now." in content


async def test_without_redis_the_answer_says_so(
    server: DiscordServer, ledger: Ledger, redis_server: RedisServer
) -> None:
    """The answer still comes, from the ledger alone."""
    async with Studio(server, ledger, redis_server.url, registry()) as studio:
        await studio.publish()
        redis_server.kill()
        await studio.bot.board.look()
        content = (await studio.use("server status"))["message"]["content"]
    assert "My queue server cannot be reached just now" in content
    assert "Queue: empty." in content
