"""From the command to the queue: acknowledged at once, written down once, refused with the reason."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text

from sandbox.discord.server import DiscordServer
from tasks import backlog
from tasks.ledger import Ledger
from tasks.lifecycle import JobState
from tests.integration.bot.studio import Studio
from tests.redis_server import RedisServer
from tests.unit.bot.registries import registry

EPHEMERAL = 64


async def no_job(studio: Studio) -> bool:
    return not await asyncio.to_thread(studio.ledger.jobs.outstanding)


async def test_an_order_is_acknowledged_at_once_and_queued(studio: Studio) -> None:
    """The way of every picture: answered within a second, written down, and its message in Redis."""
    outcome = await studio.use(prompt="a *red* fox @everyone", images=2, seed=4294967295)
    assert outcome["ack_ms"] < 1000
    job = await studio.published()
    assert job.spec.seeds == (4294967295, 0)
    assert job.reply_message_id == int(outcome["message_id"])
    assert backlog.waiting(studio.redis, ["gpu.tiny-sdxl"]) == {(job.id, 1)}
    (message,) = await studio.messages()
    assert "\\*red\\*" in message["content"]
    assert message["mention_everyone"] is False
    assert message["components"][0]["components"][0]["custom_id"] == f"v1:cancel:{job.id}"


async def test_a_replayed_command_makes_no_second_job(studio: Studio) -> None:
    """After a gateway resume Discord may send the same event again."""
    outcome = await studio.use(prompt="a red fox")
    await studio.published()
    await studio.server.control("POST", f"interactions/{outcome['interaction_id']}/replay")
    await asyncio.sleep(0.3)
    assert len(await asyncio.to_thread(studio.ledger.jobs.outstanding)) == 1
    assert len(await studio.messages()) == 1
    assert len(backlog.waiting(studio.redis, ["gpu.tiny-sdxl"])) == 1


OUT_OF_RANGE: list[tuple[dict[str, Any], str]] = [
    ({"prompt": " \u0007 "}, "`prompt` is empty. Describe your picture in 1 to 1500 characters."),
    ({"prompt": "x" * 1501}, "`prompt` has 1501 characters; at most 1500"),
    ({"prompt": "x", "negative": "x" * 1001}, "`negative` has 1001 characters; at most 1000"),
    ({"prompt": "x", "model": "@everyone"}, "No model is called @\u200beveryone. There are: tiny-sdxl, sdxl-base-1.0."),
    ({"prompt": "x", "aspect": "7:1"}, "`aspect` is 7\\:1; choose one of 1:1, 4:5"),
    ({"prompt": "x", "images": 0}, "`images` is 0; it must be from 1 to 4."),
    ({"prompt": "x", "images": 5}, "`images` is 5; it must be from 1 to 4."),
    ({"prompt": "x", "seed": -1}, "`seed` is \\-1; it must be from 0 to 4294967295."),
    ({"prompt": "x", "seed": 2**32}, "`seed` is 4294967296; it must be from 0 to 4294967295."),
    ({"prompt": "x", "steps": 0}, "`steps` is 0; with Tiny SDXL it must be from 1 to 60."),
    ({"prompt": "x", "steps": 51, "model": "sdxl-base-1.0"}, "`steps` is 51; with SDXL base 1.0 it must be from 10 to"),
    ({"prompt": "x", "cfg": -0.5}, "`cfg` is \\-0.5; with Tiny SDXL it must be from 0 to 20."),
    ({"prompt": "x", "cfg": 20.5}, "`cfg` is 20.5; with Tiny SDXL it must be from 0 to 20."),
]


async def test_every_option_out_of_range_is_refused_with_its_sentence(studio: Studio) -> None:
    """A changed client sends anything; each refusal names the option, the value and what would be right."""
    for options, sentence in OUT_OF_RANGE:
        outcome = await studio.use(checks=False, **options)
        message = outcome["message"]
        assert message["content"].startswith(sentence), message["content"]
        assert message["flags"] & EPHEMERAL
        assert message["mentions"] == []
    assert await no_job(studio)


async def test_the_client_shows_the_ranges(studio: Studio) -> None:
    """What Discord can refuse at once it refuses at once, on the member's own screen."""
    for options in ({"images": 5}, {"seed": 2**32}, {"steps": 61}, {"cfg": 31.0}, {"aspect": "7:1"}):
        with pytest.raises(ValueError, match=next(iter(options))):
            await studio.use(prompt="x", **options)


async def test_a_model_is_suggested_while_typing_and_free_text_is_understood(studio: Studio) -> None:
    """Members need not know ids by heart."""
    body = {"command": "imagine", "options": {"model": "bas"}, "focused": "model"}
    outcome = await studio.server.control("POST", "interactions", body)
    assert outcome["choices"] == [{"name": "SDXL base 1.0", "value": "sdxl-base-1.0"}]
    await studio.use(prompt="x", model="SDXL Base 1.0", aspect="2:3")
    job = await studio.published()
    assert (job.spec.checkpoint.id, job.spec.width, job.spec.height) == ("sdxl-base-1.0", 832, 1216)
    assert job.spec.negative_prompt == "blurry"


async def test_the_quota_is_told(server: DiscordServer, ledger: Ledger, redis_url: str) -> None:
    """One member cannot fill the queue, and reads why."""
    async with Studio(server, ledger, redis_url, registry(max_outstanding_per_user=1)) as studio:
        await studio.publish()
        await studio.queued()
        refused = await studio.use(prompt="another")
        other = await studio.use(prompt="mine", user="member-2")
    assert refused["message"]["content"].startswith("You already have 1 of at most 1 jobs on their way.")
    assert not other["message"]["flags"] & EPHEMERAL


async def test_without_the_ledger_the_answer_is_an_honest_refusal(studio: Studio) -> None:
    """Nothing is promised that is not written down."""
    with studio.ledger.engine.begin() as connection:
        connection.execute(text("ALTER TABLE jobs RENAME TO jobs_gone"))
    outcome = await studio.use(prompt="a red fox")
    assert "my database does not answer" in outcome["message"]["content"]
    assert outcome["message"]["flags"] & EPHEMERAL
    with studio.ledger.engine.begin() as connection:
        connection.execute(text("ALTER TABLE jobs_gone RENAME TO jobs"))


async def test_a_ledger_that_hangs_is_answered_in_time_and_leaves_no_job(studio: Studio) -> None:
    """Who reads that nothing was queued gets no picture later: what is written too late is cancelled."""
    with studio.ledger.engine.begin() as connection:  # another process holds the write lock
        connection.exec_driver_sql("SELECT 1")
        outcome = await studio.use(prompt="a red fox")
    assert outcome["ack_ms"] < 3000
    assert "my database does not answer" in outcome["message"]["content"]
    await studio.job_when(JobState.CANCELLED)
    assert backlog.waiting(studio.redis, ["gpu.tiny-sdxl"]) == set()


async def test_without_redis_the_job_is_kept_and_the_member_told(
    server: DiscordServer, ledger: Ledger, redis_server: RedisServer
) -> None:
    """The ledger has the job; the sweep publishes it when Redis is back, and the message says so."""
    async with Studio(server, ledger, redis_server.url, registry()) as studio:
        await studio.publish()
        redis_server.kill()
        outcome = await studio.use(prompt="a red fox")
        assert outcome["ack_ms"] < 1000
        job = await studio.job_when(JobState.QUEUED)
        await studio.message_says("The queue server cannot be reached just now. Your job is written down")
    assert job.published_at is None


async def test_missing_permissions_are_found_before_a_gpu_works(studio: Studio) -> None:
    """A picture that cannot be posted is not drawn."""
    await studio.fault(kind="channel_permissions", channel="studio", deny=["ATTACH_FILES", "SEND_MESSAGES"])
    body = {"command": "imagine", "options": {"prompt": "x"}, "channel": "studio", "wait": True}
    outcome = await studio.server.control("POST", "interactions", body)
    assert "I am missing Send Messages, Attach Files." in outcome["message"]["content"]
    assert await no_job(studio)


async def test_an_answer_that_came_too_late_cancels_the_job(studio: Studio) -> None:
    """The member read "did not respond" and will ask again: no GPU draws for nobody."""
    body = {"code": 10062, "message": "Unknown interaction"}
    await studio.fault(kind="status", route="/callback", status=404, body=body)
    press = {"command": "imagine", "options": {"prompt": "x"}}
    await studio.server.control("POST", "interactions", press)
    await studio.job_when(JobState.CANCELLED)
    assert backlog.waiting(studio.redis, ["gpu.tiny-sdxl"]) == set()


async def test_an_acknowledgement_whose_answer_was_lost_counts(studio: Studio) -> None:
    """502 after Discord had committed: the repeat is told that it is answered already, and the job goes on."""
    await studio.fault(kind="status", route="/callback", status=502, after_commit=True)
    await studio.use(prompt="a red fox")
    await studio.published()
    assert len(await studio.messages()) == 1


async def test_many_members_at_once_are_all_answered_in_time(studio: Studio) -> None:
    """Nobody reads "did not respond" because others draw, too; each has a job of their own."""
    orders = [studio.use(prompt=f"fox {number}", user=f"member-{number}") for number in range(1, 21)]
    outcomes = await asyncio.gather(*orders)
    assert all(outcome["answered"] and not outcome["expired"] for outcome in outcomes)
    assert len(await asyncio.to_thread(studio.ledger.jobs.outstanding)) == 20
    assert max(outcome["ack_ms"] for outcome in outcomes) < 3000
