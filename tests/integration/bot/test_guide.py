"""`/quota`, `/help`, `/server queue`: answers for the one who asks."""

import pytest

from bot.exts.guide.help import TOPICS
from bot.wording.catalogue import LANGUAGES
from tests.integration.bot.studio import Studio


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
    assert (await studio.says("help", topic="x")).startswith("There is no topic x. Topics: start, flags, models")
    assert [each["value"] for each in await studio.suggestions("help", "topic", "but")] == ["buttons"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_of_help_has_its_topic(language: str) -> None:
    """What is written for members can be asked for, in each language."""
    keys = {key for key in LANGUAGES[language] if key.startswith("help.")}
    assert keys - {"help.topics", "help.unknown"} == {f"help.{topic}" for topic in TOPICS}


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
