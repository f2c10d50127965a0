"""`/privacy`: shown, exported, and really erased; and the direct message that one can ask for."""

import asyncio
import json
import urllib.request

from sqlalchemy import text

from sandbox.discord.world import GUILD_ID
from tasks.lifecycle import JobState
from tests.integration.bot.studio import EPHEMERAL, Studio, labels

SECRET = "a zebra crossing"


def everything(studio: Studio) -> str:
    """Every value in every table of the ledger."""
    with studio.ledger.engine.connect() as connection:
        names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars().all()
        rows = {name: connection.execute(text(f"SELECT * FROM {name}")).all() for name in names}  # noqa: S608
    return str(rows)


async def test_the_export_holds_all_of_ones_own_and_nothing_else(studio: Studio) -> None:
    """Orders, styles, defaults; nothing of another member."""
    await studio.posted(prompt=SECRET)
    await studio.use(prompt="of another", user="member-2")
    await studio.says("settings set", images=2, strength=0.3)
    await studio.says("style save", name="ink", words="ink")
    shown = await studio.says("privacy show")
    assert "• 1 jobs: prompt" in shown
    assert "• 1 styles, and 2 defaults." in shown
    await studio.use("privacy export")
    message = await studio.message_says("Everything that I have about you.")
    assert message["flags"] & EPHEMERAL
    answer = await asyncio.to_thread(urllib.request.urlopen, message["attachments"][0]["url"])
    found = json.loads(answer.read())
    assert [job["order"]["prompt"] for job in found["jobs"]] == [SECRET]
    assert (found["defaults"], found["styles"][0]["name"]) == ({"images": 2, "strength": 0.3}, "ink")


async def test_delete_really_deletes(studio: Studio) -> None:
    """After a question: rows, messages, waiting jobs; the prompt is in no table any more."""
    done = await studio.posted(prompt=SECRET)
    await studio.queued(prompt=SECRET)
    await studio.says("style save", name="zebra", words=SECRET)
    await studio.send("admin filter", {"action": "add", "pattern": "oil"}, user="owner")
    await studio.use(prompt=f"{SECRET} in oil")
    assert SECRET in everything(studio)
    asked = await studio.use("privacy delete", pictures=True)
    assert "It cannot be undone. The messages with your pictures are deleted, too." in asked["message"]["content"]
    assert SECRET in everything(studio)
    await studio.press("Erase", asked["message"]["id"])
    await studio.message_says("Done: 2 jobs and 1 styles are erased. 1 messages with pictures are deleted.")
    assert SECRET not in everything(studio)
    assert all(int(each["id"]) != done.posted_message_id for each in await studio.messages())
    assert (await studio.says("jobs list")).startswith("You have no jobs yet.")


async def test_erasing_is_no_way_around_a_quota(studio: Studio) -> None:
    """What was drawn today still counts, though nobody can say any more what it was; another member loses nothing."""
    await studio.send("admin limits", {"role": GUILD_ID, "per_day": 2}, user="owner")
    await studio.posted(images=2)
    other = await studio.queued(user="member-2")
    asked = await studio.use("privacy delete")
    await studio.press("Erase", asked["message"]["id"])
    await studio.message_says("Done: 1 jobs and 0 styles are erased.")
    refused = await studio.use(prompt="one more")
    assert "pictures for today" in refused["message"]["content"]
    assert (await studio.job(other.id)).state is JobState.QUEUED


async def test_only_the_requester_can_ask_for_a_direct_message_and_gets_one(studio: Studio) -> None:
    """With a link, once, beside the pictures in the channel."""
    job = await studio.queued()
    (message,) = await studio.messages()
    assert labels(message) == ["Cancel", "Tell me by DM"]
    refused = await studio.press("Tell me by DM", job.reply_message_id, user="member-2")
    assert refused["message"]["content"].startswith(f"Only <@{job.user_id}>, who asked for it")
    said = await studio.press("Tell me by DM", job.reply_message_id)
    assert said["message"]["content"] == "I will send you a direct message when it has ended."
    done = await studio.render(await studio.job(job.id))
    await asyncio.to_thread(studio.office.post, job.id)
    (direct,) = await studio.messages("dm-member-1")
    link = f"https://discord.com/channels/{job.guild_id}/{job.channel_id}/{done.posted_message_id}"
    assert direct["content"] == f"Your pictures are there: {link}"


async def test_by_default_if_one_wants_and_for_failures_too(studio: Studio) -> None:
    """`/settings set notify:dm` asks for it once and for all."""
    await studio.says("settings set", notify="dm")
    job = await studio.queued()
    assert job.by_dm
    await studio.fail(job)
    (direct,) = await studio.messages("dm-member-1")
    assert direct["content"].startswith("Your job has ended without pictures: https://discord.com/channels/")
