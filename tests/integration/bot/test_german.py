"""A member whose Discord is German reads German, from the acknowledgement to the buttons; others do not."""

from typing import Any

from tests.integration.bot.studio import EPHEMERAL, Studio, labels


def public(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [each for each in messages if not each["flags"] & EPHEMERAL]


async def test_everything_that_a_german_member_reads_is_german(studio: Studio) -> None:
    """The command's answer, a refusal, the result, its buttons, a private answer."""
    await studio.speaks("de")
    job = await studio.queued(steps=9)
    (status,) = public(await studio.messages())
    assert status["content"].startswith("**a red fox**\nEingereiht.")
    assert labels(status) == ["Abbrechen", "Sag es mir per DM"]
    await studio.render(job)
    (result,) = public(await studio.messages())
    assert "9 Schritte" in result["content"]
    assert labels(result) == [
        "Größer 2×",  # noqa: RUF001
        "Größer 4×",  # noqa: RUF001
        "Leicht variieren",
        "Stark variieren",
        "Remix",
        "Neu würfeln",
        "Info",
        "Löschen",
    ]
    info = await studio.press("Info", result["id"])
    assert "**Modell** tiny\\-sdxl" in info["message"]["content"]
    refused = await studio.use(prompt="x", checks=False, images=9)
    assert refused["message"]["content"] == "`images` ist 9, möglich ist 1 bis 4."
    assert (await studio.says("quota")).startswith("**Dein Kontingent**")
    assert (await studio.says("quota", user="member-2")).startswith("**Your quota**")


async def test_an_unknown_language_is_answered_in_english(studio: Studio) -> None:
    """Until somebody writes its sentences."""
    await studio.speaks("ja")
    assert (await studio.says("quota")).startswith("**Your quota**")
