"""What a waiting member sees: true, not too often, and never over a result."""

import asyncio
from typing import Any

from bot.progress.editor import Outcome
from bot.progress.edits import Shown, Way
from sandbox.discord.server import DiscordServer
from tasks import keys
from tasks.ledger import Ledger
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
