"""The buttons and menus below pictures: for the right people, after restarts, and linked to where they came from."""

import discord
import pytest

from bot.buttons import Action, custom_id
from bot.exts.studio.press import RULES
from sandbox.discord.server import DiscordServer
from tasks.ledger import Job, Ledger
from tasks.lifecycle import JobState
from tests.integration.bot.studio import EPHEMERAL, Studio, labels
from tests.unit.bot.registries import registry


async def test_reroll_draws_the_same_words_with_new_seeds(studio: Studio) -> None:
    """For anybody; the new job is theirs and knows its parent."""
    job = await studio.posted(images=2, seed=7, steps=9)
    await studio.press("Reroll", job.posted_message_id, user="member-2")
    again = await studio.newest(JobState.QUEUED)
    assert (again.parent_id, again.relation) == (job.id, "reroll")
    assert again.user_id != job.user_id
    assert again.spec.num_images == 2
    assert again.spec.seeds != job.spec.seeds
    assert again.spec.model_copy(update={"seeds": job.spec.seeds}) == job.spec
    done = await studio.render(again)
    info = await studio.press("Info", done.posted_message_id)
    link = f"https://discord.com/channels/{job.guild_id}/{job.channel_id}/{job.posted_message_id}"
    assert f"**Made from** {link} (rerolled)" in info["message"]["content"]
    assert info["message"]["flags"] & EPHEMERAL


async def test_remix_rewrites_words_and_numbers(studio: Studio) -> None:
    """The window shows what was asked for; what is left alone stays."""
    job = await studio.posted(negative="rain", steps=9)
    opened = await studio.press("Remix", job.posted_message_id, user="member-2")
    rows = opened["response"]["data"]["components"]
    shown = {row["components"][0]["custom_id"]: row["components"][0].get("value") for row in rows}
    assert shown == {"prompt": "a red fox", "negative": "rain", "steps": "9", "cfg": "5", "seed": None}
    await studio.submit(opened, user="member-2", prompt="a blue fox", steps="12", cfg="4,5", seed="3")
    again = await studio.newest(JobState.QUEUED)
    assert (again.spec.prompt, again.spec.negative_prompt) == ("a blue fox", "rain")
    assert (again.spec.num_inference_steps, again.spec.guidance_scale, again.spec.seeds) == (12, 4.5, (3,))
    assert (again.parent_id, again.relation) == (job.id, "remix")


WRONG_FIELDS: list[tuple[dict[str, str], str]] = [
    ({"steps": "many"}, "`steps` is many, which is no number I can use."),
    ({"steps": "9.5"}, "`steps` is 9.5, which is no number I can use."),
    ({"steps": "61"}, "`steps` is 61; with Tiny SDXL it must be from 1 to 60."),
    ({"cfg": "1e3"}, "`cfg` is 1e3, which is no number I can use."),
    ({"cfg": "21"}, "`cfg` is 21.0; with Tiny SDXL it must be from 0 to 20."),
    ({"seed": "-1"}, "`seed` is \\-1; it must be from 0 to 4294967295."),
    ({"prompt": " "}, "`prompt` is empty."),
    ({"prompt": "x" * 1501}, "`prompt` has 1501 characters; at most 1500"),
]


async def test_a_wrong_field_of_the_window_is_told(studio: Studio) -> None:
    """The window takes any text; each mistake has its sentence."""
    job = await studio.posted()
    for fields, sentence in WRONG_FIELDS:
        opened = await studio.press("Remix", job.posted_message_id)
        outcome = await studio.submit(opened, **fields)
        assert outcome["message"]["content"].startswith(sentence), outcome["message"]["content"]
        assert outcome["message"]["flags"] & EPHEMERAL


async def test_buttons_and_windows_work_after_a_restart(server: DiscordServer, ledger: Ledger, redis_url: str) -> None:
    """Nothing about them is in memory: not the button, not the window that was open meanwhile."""
    async with Studio(server, ledger, redis_url, registry()) as first:
        await first.publish()
        job = await first.posted()
        opened = await first.press("Remix", job.posted_message_id)
    async with Studio(server, ledger, redis_url, registry()) as second:
        await second.submit(opened, prompt="a grey fox")
        assert (await second.newest(JobState.QUEUED)).spec.prompt == "a grey fox"
        await second.press("Reroll", job.posted_message_id)
        await second.until(lambda: ledger.history.count(job.user_id) == 3)
    assert await server.control("GET", "violations") == []


async def test_delete_takes_the_message_down_for_the_right_people(studio: Studio) -> None:
    """The requester or a moderator; the ledger knows that it is gone."""
    job = await studio.posted()
    refused = await studio.press("Delete", job.posted_message_id, user="member-2")
    assert refused["message"]["content"].startswith(f"Only <@{job.user_id}> or a member who may manage messages")
    await studio.press("Delete", job.posted_message_id)
    await studio.until(lambda: deleted(studio.ledger, job))
    assert all(int(each["id"]) != job.posted_message_id for each in await studio.messages())
    assert "deleted ·" in await studio.says("jobs list")


async def test_a_moderator_may_delete(studio: Studio) -> None:
    """With Manage Messages, by button or by menu."""
    first, second = await studio.posted(), await studio.posted()
    await studio.press("Delete", first.posted_message_id, user="owner")
    await studio.menu("Delete my image", second.posted_message_id, user="owner")
    await studio.until(lambda: deleted(studio.ledger, first) and deleted(studio.ledger, second))


async def test_the_menus_do_what_the_buttons_do(studio: Studio) -> None:
    """Image info, Remix… and Delete my image, on any message with pictures."""
    job = await studio.posted(seed=5)
    info = await studio.menu("Image info", job.posted_message_id, user="member-2")
    assert "**Seeds** 5" in info["message"]["content"]
    opened = await studio.menu("Remix…", job.posted_message_id)
    await studio.submit(opened, prompt="a green fox")
    assert (await studio.newest(JobState.QUEUED)).spec.prompt == "a green fox"
    refused = await studio.menu("Delete my image", job.posted_message_id, user="member-2")
    assert refused["message"]["content"].startswith("Only <@")
    gone = await studio.menu("Delete my image", job.posted_message_id)
    await studio.until(lambda: deleted(studio.ledger, job))
    assert gone["answered"]


@pytest.mark.parametrize("menu", ["Image info", "Remix…", "Delete my image"])
async def test_a_message_without_pictures_is_explained(studio: Studio, menu: str) -> None:
    """Members try menus on anything."""
    message = await studio.server.control("POST", "messages", {"user": "member-1", "content": "good morning"})
    outcome = await studio.menu(menu, message["id"])
    assert outcome["message"]["content"].startswith("This message has no pictures of mine.")


async def test_a_button_from_a_future_or_forgotten_release_is_explained(studio: Studio) -> None:
    """An unknown action, and a job that is not in the ledger any more."""
    channel = studio.bot.get_partial_messageable((await studio.posted()).channel_id)
    for pressed, sentence in (
        (f"v1:paint:{'0' * 26}", "I do not know this button any more."),
        (f"v1:info:{'0' * 26}", "I do not know this job any more"),
    ):
        view = discord.ui.View(timeout=None)
        view.add_item(discord.ui.Button(label="Old", custom_id=pressed))
        view.stop()
        sent = await channel.send("from another release", view=view)
        outcome = await studio.press("Old", sent.id)
        assert outcome["message"]["content"].startswith(sentence)


async def test_a_dead_ledger_is_told_by_every_button(studio: Studio) -> None:
    """No button answers with silence."""
    job = await studio.posted()
    (message,) = await studio.messages()
    with studio.ledger.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE jobs RENAME TO jobs_gone")
    for label in labels(message):
        outcome = await studio.press(label, job.posted_message_id)
        assert outcome["message"]["content"].startswith("I cannot look this up just now")
    with studio.ledger.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE jobs_gone RENAME TO jobs")


def test_every_button_has_a_rule_and_a_short_id() -> None:
    """A button without a rule would be a button without an answer."""
    assert set(RULES) == set(Action)
    assert all(len(custom_id(action, "0" * 26)) <= 100 for action in Action)


def deleted(ledger: Ledger, job: Job) -> bool:
    found = ledger.jobs.get(job.id)
    return found is not None and found.deleted_at is not None
