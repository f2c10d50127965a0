"""What a waiting member sees: true, not too often, and never over a result."""

import asyncio
import base64
import io
from typing import Any

import pytest
from PIL import Image

from bot.progress.editor import Outcome
from bot.progress.edits import Shown, Way
from sandbox.discord.server import DiscordServer
from tasks import keys
from tasks.ledger import Job, Ledger
from tasks.lifecycle import JobState
from tasks.schema import FleetStatus, Heartbeat, InstanceView, Progress, Stage, WorkerState
from tests.integration.bot.studio import WORKER, Studio
from tests.unit.bot.registries import registry


def fleet(studio: Studio, *stages: str, **values: Any) -> FleetStatus:
    instances = tuple(
        InstanceView(instance_id=str(n), stage=stage, gpu="RTX 4090", usd_per_hour=0.4, age_s=30.0)
        for n, stage in enumerate(stages)
    )
    status = FleetStatus(
        at=studio.clock(), sentence="as it should be", instances=instances, boot_estimate_s=120.0, **values
    )
    studio.redis.set(keys.FLEET_STATUS, status.write())
    return status


def news(studio: Studio, job: Any, stage: Stage, **values: Any) -> None:
    said = Progress(job_id=job.id, epoch=job.epoch, worker_id=WORKER, stage=stage, at=studio.clock(), **values)
    studio.redis.publish(keys.progress(job.id), said.write())


def sketch(colour: str, kind: str = "WEBP", *, size: tuple[int, int] = (128, 96)) -> str:
    """A preview as workers send it."""
    data = io.BytesIO()
    Image.new("RGB", size, colour).save(data, kind)
    return base64.b64encode(data.getvalue()).decode()


async def studio_with_previews(studio: Studio, **options: Any) -> Job:
    """A job that a worker holds, where a moderator allows previews."""
    await studio.use("admin channel", user="owner", checks=False, channel="general", preview=True)
    job = await studio.queued(**options)
    await taken(studio, job)
    return job


async def taken(studio: Studio, job: Job, *, channel: str = "general") -> None:
    """The board knows who draws it."""
    await studio.message_says("Whoever rents the GPUs", channel=channel)
    await studio.claim(job)
    await studio.skip(4)
    await studio.message_says("A GPU has taken your job.", channel=channel)


async def shown(
    studio: Studio, job: Job, preview: str, *, step: int, channel: str = "general", **values: Any
) -> dict[str, Any]:
    """The message, once it has heard of a preview after so many steps of 20."""
    await studio.skip(4)
    said = {"worker_id": WORKER} | values
    told = Progress(
        job_id=job.id,
        epoch=job.epoch,
        stage=Stage.SAMPLING,
        step=step,
        steps=20,
        preview=preview,
        at=studio.clock(),
        **said,
    )
    studio.redis.publish(keys.progress(job.id), told.write())
    return await studio.message_says(f"step {step} of 20", channel=channel)


async def edits(studio: Studio) -> list[str]:
    """Who edited so far: "interaction" or "bot"."""
    changed = [each for each in await studio.requests() if each["method"] == "PATCH"]
    return [each["token"] for each in changed if "message" in each["route"]]


async def test_the_stages_are_told_as_they_come(studio: Studio) -> None:
    """Renting, booting, loading, drawing: each once, by the interaction's token."""
    fleet(studio)
    job = await studio.queued()
    await studio.message_says("Nobody was drawing, so I am renting a GPU for you. Ready <t:")
    await studio.skip(4)
    fleet(studio, "booting")
    await studio.message_says("A GPU is rented; its machine is starting.")
    heartbeat = Heartbeat(worker_id=WORKER, state=WorkerState.IDLE, since=studio.clock(), at=studio.clock())
    await studio.skip(4)
    studio.redis.set(keys.heartbeat(WORKER), heartbeat.write())
    await studio.claim(job)
    news(studio, job, Stage.LOADING)
    await studio.message_says("The GPU is loading the model.")
    await studio.skip(4)
    news(studio, job, Stage.SAMPLING, step=5, steps=20, seconds_left=12.0)
    await studio.message_says("Drawing: step 5 of 20. Ready <t:")
    assert set(await edits(studio)) == {"interaction"}


async def test_small_steps_and_quick_changes_cause_no_edits(studio: Studio) -> None:
    """At most one edit per 3 s, and none for less than a tenth of the steps."""
    job = await studio.queued()
    await studio.message_says("Whoever rents the GPUs has not been heard of")
    await studio.skip(4)
    await studio.claim(job)
    news(studio, job, Stage.SAMPLING, step=10, steps=100)
    await studio.message_says("step 10 of 100")
    before = len(await edits(studio))
    await studio.skip(4)
    news(studio, job, Stage.SAMPLING, step=19, steps=100)
    news(studio, job, Stage.SAMPLING, step=19, steps=100)
    await asyncio.sleep(0.5)
    assert len(await edits(studio)) == before


async def test_a_restarted_bot_takes_the_messages_up_again(
    server: DiscordServer, ledger: Ledger, redis_url: str
) -> None:
    """Everything is in the ledger; the new process tells the new stage."""
    async with Studio(server, ledger, redis_url, registry()) as first:
        await first.publish()
        job = await first.queued()
    async with Studio(server, ledger, redis_url, registry()) as second:
        await second.claim(job)
        await second.message_says("A GPU has taken your job.")


async def test_late_edits_go_by_the_bots_token_and_end(studio: Studio) -> None:
    """After minute 14 no request carries the interaction's token; after minute 50 nothing is edited."""
    await studio.queued()
    await studio.message_says("Whoever rents the GPUs")
    before = len(await edits(studio))
    await studio.skip(15 * 60)
    fleet(studio)
    await studio.message_says("I am renting a GPU for you")
    assert (await edits(studio))[before:] == ["bot"]
    await studio.skip(36 * 60)
    fleet(studio, "booting")
    await asyncio.sleep(0.5)
    assert len(await edits(studio)) == before + 1


async def test_the_first_refusal_ends_the_edits(studio: Studio) -> None:
    """A deleted message is asked for once, not every few seconds: Discord counts such requests."""
    job = await studio.queued()
    await studio.message_says("Whoever rents the GPUs")
    await studio.skip(4)
    await studio.fault(kind="token_dead")
    await studio.claim(job)
    await studio.until(lambda: studio.bot.board._shown.get(job.id, Shown()).dead)
    before = len(await edits(studio))
    await studio.skip(4)
    news(studio, job, Stage.SAMPLING, step=1, steps=2)
    await asyncio.sleep(0.5)
    assert len(await edits(studio)) == before


async def test_a_posted_result_is_never_overwritten(studio: Studio) -> None:
    """The board's picture of the world may be old; the editor looks at the ledger under the lock."""
    job = await studio.queued()
    line = studio.bot.board.line(job)
    assert (await studio.render(job)).state is JobState.POSTED
    editor = studio.bot.board._editor
    assert await editor.edit(job, line, way=Way.TOKEN) is Outcome.SKIPPED
    (message,) = await studio.messages()
    assert len(message["attachments"]) == 1


async def test_while_somebody_else_writes_the_bot_waits(studio: Studio) -> None:
    """One writer at a time per message."""
    job = await studio.queued()
    await studio.message_says("Whoever rents the GPUs")
    studio.redis.set(keys.message_lock(job.id), "courier", ex=30)
    before = len(await edits(studio))
    await studio.skip(4)
    await studio.claim(job)
    await asyncio.sleep(0.5)
    assert len(await edits(studio)) == before
    studio.redis.delete(keys.message_lock(job.id))
    await studio.message_says("A GPU has taken your job.")


async def test_nonsense_from_a_worker_is_not_shown(studio: Studio) -> None:
    """The channel is open to rented machines: what no honest one says is dropped."""
    job = await studio.queued()
    await studio.message_says("Whoever rents the GPUs")
    await studio.claim(job)
    for nonsense in ("", "{", "[]", "x" * 10_000, '{"job_id": 1}'):
        studio.redis.publish(keys.progress(job.id), nonsense)
    await studio.skip(4)
    news(studio, job, Stage.SAMPLING, step=-5, steps=10, seconds_left=1e300)
    await studio.message_says("Drawing: step 0 of 10.")


async def test_a_preview_is_shown_replaced_and_gone_with_the_result(studio: Studio) -> None:
    """Our own small PNG of what the worker sent; one at a time, and none beside the finished picture."""
    job = await studio_with_previews(studio)
    first = await shown(studio, job, sketch("red"), step=7)
    assert [each["description"] for each in first["attachments"]] == ["Not finished yet: a red fox"]
    picture = Image.open(io.BytesIO(await studio.file(first["attachments"][0])))
    assert (picture.format, picture.size) == ("PNG", (128, 96))
    news(studio, job, Stage.SAMPLING, step=10, steps=20)
    await studio.skip(4)
    kept = await studio.message_says("step 10 of 20")
    assert kept["attachments"] == first["attachments"]
    second = await shown(studio, job, sketch("blue"), step=14)
    assert [each["filename"] for each in second["attachments"]] == ["easel-preview.png"]
    assert second["attachments"] != first["attachments"]
    await studio.render(job)
    message = (await studio.messages())[-1]
    assert [job.id in each["filename"] for each in message["attachments"]] == [True]


async def test_a_job_that_begins_anew_has_no_preview_of_its_first_attempt(studio: Studio) -> None:
    """The machine that drew it is not believed; another one begins with nothing."""
    job = await studio_with_previews(studio)
    assert (await shown(studio, job, sketch("red"), step=7))["attachments"]
    again = await studio.render(job, draw=lambda _size, _seed: b"no picture")
    assert (again.state, again.epoch) == (JobState.QUEUED, 2)
    await studio.skip(4)
    message = await studio.message_says("Whoever rents the GPUs")
    assert message["attachments"] == []


async def test_a_cancel_takes_the_preview_away(studio: Studio) -> None:
    """Nobody wants to see what they have just stopped."""
    job = await studio_with_previews(studio)
    message = await shown(studio, job, sketch("red"), step=7)
    assert message["attachments"]
    await studio.press_cancel(message["id"])
    message = (await studio.messages())[-1]
    assert message["attachments"] == []


@pytest.mark.parametrize(
    "broken",
    [
        "no base64!",
        base64.b64encode(b"RIFF\x10\0\0\0WEBPnonsense").decode(),
        sketch("red", "PNG"),
        sketch("red", size=(640, 480)),
        sketch("red")[:-40],
    ],
    ids=["no base64", "no picture", "another format", "too many pixels", "cut off"],
)
async def test_a_broken_preview_is_ignored(studio: Studio, broken: str) -> None:
    """It comes from a rented machine; the words are shown all the same, and the next one counts again."""
    job = await studio_with_previews(studio)
    message = await shown(studio, job, broken, step=7)
    assert message["attachments"] == []
    message = await shown(studio, job, sketch("red"), step=14)
    assert len(message["attachments"]) == 1


async def test_without_a_moderators_word_there_is_no_preview(studio: Studio) -> None:
    """A finished picture has been through more hands than one that a worker has only begun."""
    job = await studio.queued()
    await taken(studio, job)
    message = await shown(studio, job, sketch("red"), step=7)
    assert message["attachments"] == []


async def test_pictures_behind_a_spoiler_have_no_preview(studio: Studio) -> None:
    """Whatever the channel's rule says."""
    job = await studio_with_previews(studio, spoiler=True)
    message = await shown(studio, job, sketch("red"), step=7)
    assert message["attachments"] == []


async def test_another_worker_cannot_put_a_picture_there(studio: Studio) -> None:
    """Only of the one that holds the job."""
    job = await studio_with_previews(studio)
    message = await shown(studio, job, sketch("red"), step=7, worker_id="worker-2")
    assert message["attachments"] == []


async def test_in_direct_messages_there_is_no_moderator_to_ask(studio: Studio) -> None:
    """Who asked is the only one who sees it."""
    body = {"command": "imagine", "options": {"prompt": "a red fox"}, "channel": "dm", "wait": True}
    await studio.server.control("POST", "interactions", body)
    job = await studio.published()
    await taken(studio, job, channel="dm-member-1")
    message = await shown(studio, job, sketch("red"), step=7, channel="dm-member-1")
    assert len(message["attachments"]) == 1
