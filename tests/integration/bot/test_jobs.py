"""`/jobs`: one's own jobs are listed, shown, cancelled and sent again, and nobody else's are."""

import asyncio

from tasks.lifecycle import JobState
from tests.integration.bot.studio import EPHEMERAL, Studio
from tests.specs import new_job, tiny_spec

MEMBER_1 = 1100000000000001001


def earlier(studio: Studio, number: int, user_id: int = MEMBER_1) -> None:
    for n in range(number):
        new = new_job(user_id=user_id, spec=tiny_spec(prompt=f"picture {n}"))
        studio.ledger.jobs.receive(new, now=studio.clock())
        studio.ledger.jobs.cancel(new.id, now=studio.clock())


async def test_the_list_is_paged_and_turned_by_buttons(studio: Studio) -> None:
    """Only one's own, newest first, eight a page; the buttons need no memory."""
    await asyncio.to_thread(earlier, studio, 10)
    await asyncio.to_thread(earlier, studio, 3, user_id=99)
    outcome = await studio.use("jobs list")
    message = outcome["message"]
    assert message["flags"] & EPHEMERAL
    assert message["content"].splitlines()[0] == "**Your jobs**, page 1 of 2"
    assert "picture 9" in message["content"].splitlines()[1]
    assert len(message["content"].splitlines()) == 9
    turned = await studio.press("Older", message["id"])
    lines = turned["message"]["content"].splitlines()
    assert lines[0] == "**Your jobs**, page 2 of 2"
    assert [line.rpartition(" ")[2] for line in lines[1:]] == ["1", "0"]
    assert "There is no page 3; your jobs fill 2." in await studio.says("jobs list", page=3)


async def test_without_jobs_the_list_says_how_to_make_one(studio: Studio) -> None:
    """An empty answer helps nobody."""
    assert await studio.says("jobs list") == "You have no jobs yet. `/imagine` makes one."


async def test_a_job_is_found_while_typing_and_shown(studio: Studio) -> None:
    """The newest 25 of one's own; what is typed is looked for in the prompts."""
    await asyncio.to_thread(earlier, studio, 30)
    await asyncio.to_thread(earlier, studio, 1, user_id=99)
    assert len(await studio.suggestions("jobs show", "job")) == 25
    (found,) = await studio.suggestions("jobs show", "job", "PICTURE 29")
    assert found["name"] == "cancelled: picture 29"
    shown = await studio.says("jobs show", job=found["value"])
    assert f"asked by <@{MEMBER_1}>" in shown
    assert "**Seeds** 7" in shown
    assert "/imagine prompt:picture 29 model:tiny-sdxl" in shown


async def test_nobody_sees_the_jobs_of_others(studio: Studio) -> None:
    """Not by id either."""
    job = await studio.queued()
    for command in ("show", "cancel", "retry"):
        sentence = await studio.says(f"jobs {command}", user="member-2", job=job.id)
        assert sentence.startswith(f"No job of yours is called {job.id}. Pick one from the list")
    assert await studio.suggestions("jobs show", "job", user="member-2") == []
    assert (await studio.job(job.id)).state is JobState.QUEUED


async def test_cancel_ends_the_job_and_its_status_message(studio: Studio) -> None:
    """The command and the message in the channel say the same."""
    job = await studio.queued()
    (choice,) = await studio.suggestions("jobs cancel", "job", "fox")
    said = await studio.says("jobs cancel", job=choice["value"])
    assert said == "1 job is cancelled. It no longer counts against your quota."
    assert (await studio.job(job.id)).state is JobState.CANCELLED
    status = next(each for each in await studio.messages() if int(each["id"]) == job.reply_message_id)
    await studio.until(lambda: studio.bot.board)
    async with asyncio.timeout(5):
        while status["components"]:
            await asyncio.sleep(0.02)
            status = next(each for each in await studio.messages() if int(each["id"]) == job.reply_message_id)
    assert status["content"] == f"**a red fox**\nCancelled by <@{job.user_id}>."
    assert await studio.suggestions("jobs cancel", "job") == []


async def test_cancel_all_and_its_unclear_forms(studio: Studio) -> None:
    """Everything that has not ended, and one clear wish at a time."""
    for _ in range(3):
        await studio.use(prompt="a red fox")
    assert (await studio.says("jobs cancel")).startswith("Say which one")
    assert (await studio.says("jobs cancel", job="x", all=True)).startswith("`job` and `all` together are unclear.")
    assert (await studio.says("jobs cancel", all=True)).startswith("3 jobs are cancelled.")
    assert not await asyncio.to_thread(studio.ledger.jobs.outstanding)
    assert (await studio.says("jobs cancel", all=True)).startswith("There is nothing to cancel")


async def test_a_failure_has_a_retry_button_that_sends_the_same_order(studio: Studio) -> None:
    """Same seeds, linked to its parent; the failure no longer counts against the quota."""
    job = await studio.queued(seed=5)
    failed = await studio.fail(job)
    assert failed.state is JobState.FAILED
    assert not await asyncio.to_thread(studio.ledger.jobs.outstanding)
    refused = await studio.press("Retry", job.reply_message_id, user="member-2")
    assert refused["message"]["content"].startswith(f"Only <@{MEMBER_1}>, who asked for it, can do this.")
    await studio.press("Retry", job.reply_message_id)
    again = await studio.newest(JobState.QUEUED)
    assert (again.spec, again.parent_id, again.relation) == (job.spec, job.id, "retry")


async def test_retry_by_command_says_why_not(studio: Studio) -> None:
    """What is on its way or has its pictures needs none."""
    job = await studio.queued()
    assert (await studio.says("jobs retry", job=job.id)).startswith("This job has not ended yet")
    await studio.render(job)
    assert (await studio.says("jobs retry", job=job.id)).startswith("This job has its pictures already.")
    assert await studio.suggestions("jobs retry", "job") == []
