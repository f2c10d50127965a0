"""`/admin`: only for Manage Server, whatever the client sends; each rule holds at once, and survives a restart."""

import asyncio
import urllib.request
from typing import Any

import pytest

from sandbox.discord.server import DiscordServer
from sandbox.discord.world import GUILD_ID
from tasks.ledger import Ledger
from tasks.lifecycle import JobState
from tests.integration.bot.studio import EPHEMERAL, Studio
from tests.unit.bot.registries import registry

EVERYONE = GUILD_ID
COMMANDS: list[tuple[str, dict[str, Any]]] = [
    ("channel", {"channel": "general", "enabled": False}),
    ("limits", {"role": EVERYONE, "per_day": 0}),
    ("models", {"action": "deny", "name": "tiny-sdxl"}),
    ("filter", {"action": "add", "pattern": "fox"}),
    ("block", {"user": "member-2"}),
    ("unblock", {"user": "member-2"}),
    ("grant", {"user": "member-2", "amount": 5}),
    ("audit", {}),
]


async def rule(studio: Studio, command: str, **options: Any) -> str:
    outcome = await studio.send(f"admin {command}", options, user="owner", checks=False)
    assert outcome["message"]["flags"] & EPHEMERAL
    return str(outcome["message"]["content"])


async def drawn(studio: Studio, **options: Any) -> str:
    """What `/imagine` of member-1 answers."""
    outcome = await studio.use(**({"prompt": "a red fox"} | options))
    return str(outcome["message"]["content"])


@pytest.mark.parametrize(("command", "options"), COMMANDS)
async def test_without_manage_server_nothing_is_changed(studio: Studio, command: str, options: dict[str, Any]) -> None:
    """Discord hides the commands; a changed client sends them all the same."""
    outcome = await studio.send(f"admin {command}", options, user="member-1", checks=False)
    said = outcome["message"]["content"]
    assert said == "Rules can be changed only by members with Manage Server. Ask one of them."
    assert await asyncio.to_thread(studio.ledger.house.audit, int(GUILD_ID)) == []
    await studio.queued()


async def test_a_channel_is_switched_off_and_on(studio: Studio) -> None:
    """The refusal says who can change it."""
    said = await rule(studio, "channel", channel="general", enabled=False)
    assert "drawing is off; adult prompts: refused; previews: on." in said
    assert (await drawn(studio)).startswith("Drawing is switched off in this channel.")
    await rule(studio, "channel", channel="general", enabled=True)
    await studio.queued()


async def test_a_days_quota_is_kept_and_given_back(server: DiscordServer, ledger: Ledger, redis_url: str) -> None:
    """Over a restart; a failed and a cancelled job give theirs back; a grant adds, and a new day begins anew."""
    async with Studio(server, ledger, redis_url, registry()) as studio:
        await studio.publish()
        assert "• @everyone: 2 pictures a day" in (await rule(studio, "limits", role=EVERYONE, per_day=2))
        first = await studio.queued(images=2)
    async with Studio(server, ledger, redis_url, registry()) as studio:
        assert (await drawn(studio)).startswith("You have used 2 of your 2 pictures for today")
        assert "Pictures today: 2 of 2, 0 left." in await studio.says("quota")
        await studio.fail(first)
        assert "Pictures today: 0 of 2, 2 left." in await studio.says("quota")
        second = await studio.queued(images=2)
        await studio.says("jobs cancel", job=second.id)
        await studio.posted(images=2)
        assert "You have used 2" in await drawn(studio)
        await rule(studio, "grant", user="member-1", amount=1)
        assert (await drawn(studio, images=2)).startswith("You have used 2 of your 3")
        await studio.use(prompt="one more")
        await studio.skip(24 * 3600)
        assert "Pictures today: 0 of 2, 2 left." in await studio.says("quota")
        assert "GPU time today: 0 s." in await studio.says("quota")


async def test_steps_images_and_parallel_jobs_are_limited(studio: Studio) -> None:
    """A model's own default above the limit is lowered, what a member typed is refused."""
    await rule(studio, "limits", role=EVERYONE, max_steps=3, max_images=1, parallel=1)
    assert (await drawn(studio, images=2)).startswith("`images` is 2; in this server you may have at most 1.")
    assert (await drawn(studio, steps=9)).startswith("`steps` is 9; in this server you may have at most 3.")
    assert (await studio.queued()).spec.num_inference_steps == 3
    assert (await drawn(studio)).startswith("You already have 1 of at most 1 jobs on their way.")
    assert "has no limits of its own any more" in await rule(studio, "limits", role=EVERYONE, clear=True)
    assert (await rule(studio, "limits")).startswith("No role has limits")
    assert (await rule(studio, "limits", per_day=3)).startswith("Say whose limits")


async def test_models_are_denied_and_allowed(studio: Studio) -> None:
    """The default is another one then; the refusal lists what is allowed."""
    assert await rule(studio, "models", action="list") == "Every model is allowed."
    await rule(studio, "models", action="deny", name="Tiny SDXL")
    assert await drawn(studio, model="tiny-sdxl") == (
        "Tiny SDXL is not allowed in this server. Allowed are: sdxl-base-1.0."
    )
    assert "tiny-sdxl" not in await studio.says("models list")
    assert [each["value"] for each in await studio.suggestions("imagine", "model")] == ["sdxl-base-1.0"]
    in_admin = await studio.suggestions("admin models", "name", user="owner")
    assert {each["value"] for each in in_admin} == {"tiny-sdxl", "sdxl-base-1.0"}
    assert (await studio.queued()).spec.checkpoint.id == "sdxl-base-1.0"
    await rule(studio, "models", action="deny", name="sdxl-base-1.0")
    assert (await drawn(studio)).startswith("This server allows none of the models that I have.")
    await rule(studio, "models", action="forget", name="tiny-sdxl")
    assert await rule(studio, "models", action="list") == "Allowed: none. Denied: sdxl-base-1.0."
    assert (await rule(studio, "models", action="deny", name="@everyone")).startswith("No model is called @\u200b")
    assert (await rule(studio, "models", action="deny")).startswith("Say which model")


async def test_the_filter_refuses_tests_and_forgets(studio: Studio) -> None:
    """The refused prompt is in the audit; the test command tells what would happen."""
    assert (await rule(studio, "filter", action="list")).startswith("The filter is empty.")
    assert await rule(studio, "filter", action="add", pattern="Gore") == "Added: Gore."
    assert await rule(studio, "filter", action="test", pattern="g-0-r-e") == "This prompt is refused: it holds gore."
    assert await rule(studio, "filter", action="test", pattern="gorey") == "This prompt passes."
    assert (await drawn(studio, prompt="some GORE")).startswith("This server does not take prompts with “gore”.")
    assert "some GORE" in await rule(studio, "audit")
    assert (await rule(studio, "filter", action="add", pattern="x")).startswith("x would match too much.")
    assert (await rule(studio, "filter", action="add")).startswith("Give a `pattern`")
    assert await rule(studio, "filter", action="remove", pattern="GORE") == "Removed: GORE."
    assert (await rule(studio, "filter", action="remove", pattern="gore")).startswith("The filter has no pattern gore.")
    await studio.queued(prompt="some gore")


async def test_adult_prompts_follow_the_channels_policy(studio: Studio) -> None:
    """Refused by default; as a spoiler; bare only in an age-restricted channel. Reroll does not get around it."""
    await rule(studio, "filter", action="add", pattern="nude", adult=True)
    assert await rule(studio, "filter", action="test", pattern="a nude") == (
        "This prompt counts as adult: it holds nude."
    )
    assert (await drawn(studio, prompt="a nude")).startswith("This server calls such prompts adult")
    await rule(studio, "channel", channel="general", nsfw_policy="spoiler")
    job = await studio.posted(prompt="a nude")
    assert job.spoiler
    (message,) = [each for each in await studio.messages() if each["attachments"]]
    assert message["attachments"][0]["filename"].startswith("SPOILER_easel-")
    await rule(studio, "channel", channel="general", nsfw_policy="age_restricted")
    outcome = await studio.press("Reroll", job.posted_message_id)
    assert outcome["message"]["content"].startswith("This server calls such prompts adult")
    await rule(studio, "channel", channel="after-dark", nsfw_policy="age_restricted")
    body = {"command": "imagine", "options": {"prompt": "a nude"}, "channel": "after-dark", "wait": True}
    outcome = await studio.server.control("POST", "interactions", body)
    assert not outcome["message"]["flags"] & EPHEMERAL


async def test_a_blocked_member_reads_why_and_until_when(studio: Studio) -> None:
    """For ever or for a time; others go on."""
    await rule(studio, "block", user="member-1", reason="spam @everyone")
    assert (await drawn(studio)).startswith("You may not draw in this server any more. Reason: spam @\u200beveryone.")
    assert await rule(studio, "unblock", user="member-1") == "<@1100000000000001001> may draw again."
    assert (await rule(studio, "unblock", user="member-1")).endswith("was not blocked.")
    assert "may not draw here until <t:" in await rule(studio, "block", user="member-1", until="2h")
    assert (await drawn(studio)).startswith("You may not draw in this server until <t:")
    assert (await rule(studio, "block", user="member-2", until="soon")).startswith("soon is no time I understand.")
    await studio.skip(2 * 3600)
    await studio.queued()


async def test_the_audit_is_a_page_and_a_file(studio: Studio) -> None:
    """Who changed what, and what was drawn; a spreadsheet runs nothing in it."""
    assert (await rule(studio, "audit")).startswith("Nothing was changed and nothing was drawn")
    await rule(studio, "grant", user="member-1", amount=5)
    await studio.posted(prompt="=SUM(A1)")
    outcome = await studio.use("admin audit", user="owner", since="1h")
    message = outcome["message"]
    assert "<@1100000000000001000> · grant <@1100000000000001001> 5" in message["content"]
    answer = await asyncio.to_thread(urllib.request.urlopen, message["attachments"][0]["url"])
    rows = answer.read().decode("utf-8-sig").splitlines()
    assert rows[0] == "at,kind,member,about,what,detail"
    assert any(row.endswith("job,1100000000000001001,,posted,'=SUM(A1)") for row in rows)
    assert (await rule(studio, "audit", since="yesterday")).startswith("yesterday is no time I understand.")
    assert (await rule(studio, "audit", job="0" * 26)).startswith("No job in this server has this id.")


async def test_the_audit_of_another_server_is_not_shown(studio: Studio) -> None:
    """Prompts stay in the server that they were written in."""
    body = {"command": "imagine", "options": {"prompt": "a secret"}, "channel": "dm", "wait": True}
    await studio.server.control("POST", "interactions", body)
    await studio.newest(JobState.QUEUED)
    assert (await rule(studio, "audit")).startswith("Nothing was changed")
