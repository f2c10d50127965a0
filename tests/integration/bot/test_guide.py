"""`/models`, `/quota`, `/help`, `/server queue`: answers for the one who asks."""

from datetime import UTC, datetime

from bot.exts.guide.help import TOPICS
from tasks import keys
from tasks.schema import Heartbeat, WorkerState
from tests.integration.bot.studio import Studio


async def test_models_are_listed_searched_and_marked_warm(studio: Studio) -> None:
    """With the licence, and what a GPU has loaded now."""
    now = datetime.now(UTC)
    heart = Heartbeat(worker_id="w", state=WorkerState.IDLE, since=now, at=now, loaded=("tiny-sdxl",))
    studio.redis.set(keys.heartbeat("w"), heart.write(), px=60_000)
    await studio.bot.board.look()
    assert (await studio.says("models")).splitlines() == [
        "**Models**, page 1 of 1",
        "• **Tiny SDXL** `tiny-sdxl` · 4 steps · MIT · warm now",
        "• **SDXL base 1.0** `sdxl-base-1.0` · 30 steps · MIT",
    ]
    assert "tiny-sdxl" not in await studio.says("models", search="base")
    assert (await studio.says("models", search="@everyone")).startswith("No model matches @\u200beveryone.")
    assert [each["name"] for each in await studio.suggestions("models", "search", "tin")] == ["Tiny SDXL"]


async def test_the_quota_without_rules(studio: Studio) -> None:
    """Numbers, and what does not count."""
    await studio.posted(images=2)
    await studio.queued()
    assert (await studio.says("quota")).splitlines() == [
        "**Your quota**",
        "Pictures today: 3. There is no daily limit.",
        "Jobs on their way: 1 of 10.",
        "Pictures per job: at most 4.",
        "GPU time today: 2 s.",
        "What fails, is cancelled or given up does not count.",
    ]


async def test_every_topic_of_help_has_a_text(studio: Studio) -> None:
    """And an unknown one lists them."""
    for topic in TOPICS:
        assert (await studio.says("help", topic=topic)).startswith("**")
    assert (await studio.says("help")).startswith("**Drawing**")
    assert (await studio.says("help", topic="x")).startswith("There is no topic x. Topics: start, flags, buttons")
    assert [each["value"] for each in await studio.suggestions("help", "topic", "but")] == ["buttons"]


async def test_one_sees_ones_own_place_in_the_queue(studio: Studio) -> None:
    """Others' prompts are not shown."""
    assert (await studio.says("server queue")).startswith("You have no job in the queue. 0 of others")
    await studio.queued()
    await studio.use(prompt="a blue fox", user="member-2")
    await studio.bot.board.look()
    lines = (await studio.says("server queue", user="member-2")).splitlines()
    assert lines[0] == "**Your place in the queue** of 2 jobs"
    assert lines[1].startswith("• a blue fox: Queued: 1 job is before yours.")
    assert len(lines) == 2
