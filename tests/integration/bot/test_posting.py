"""The courier posts once: by the original, by the channel, through doubtful answers, and whatever a worker sends."""

# ruff: noqa: RUF001 - the sentences are quoted as they are

import asyncio
import io
import json
from datetime import timedelta
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tasks import backlog, keys
from tasks.errors import ErrorCode
from tasks.ledger import Intent, Job
from tasks.lifecycle import JobState
from tasks.schema import Failed, Failure
from tests.integration.bot.studio import WORKER, Studio, labels, picture

TWENTY_MINUTES_S = 20 * 60
CREATE = {"route": r"/channels/\{channel_id\}/messages$", "method": "POST"}
PATCH_ORIGINAL = {"route": "@original", "method": "PATCH"}


async def posted_pictures(studio: Studio) -> list[dict[str, Any]]:
    return [message for message in await studio.messages() if message["attachments"]]


async def fetched(studio: Studio, attachment: dict[str, Any]) -> Image.Image:
    data = await studio.bot.http.get_from_cdn(attachment["url"])
    return Image.open(io.BytesIO(data))


async def test_the_picture_replaces_the_status_message(studio: Studio) -> None:
    """A young job: files, parameters and alt text in the first answer, the button gone, Redis tidied."""
    job = await studio.queued(images=2, seed=7)
    await studio.claim(job)
    done = await studio.render(job)
    assert (done.state, done.posted_route, done.posted_message_id) == (
        JobState.POSTED,
        "original",
        job.reply_message_id,
    )
    (message,) = await studio.messages()
    assert [each["filename"] for each in message["attachments"]] == [f"easel-{job.id}-1.png", f"easel-{job.id}-2.png"]
    assert {each["description"] for each in message["attachments"]} == {"a red fox"}
    assert labels(message) == ["U1", "U2", "Reroll", "V1", "V2", "Remix", "Info", "Delete"]
    assert "seeds 7, 8 · 64×64 · 4 steps · cfg 5 · Euler" in message["content"]
    assert not studio.redis.exists(keys.blob(job.id, 0, epoch=1), keys.epoch(job.id))


async def test_what_a_rented_machine_cost_stands_beside_the_time(studio: Studio) -> None:
    """1.5 s at $36 an hour; on a machine of one's own nothing is said of money."""
    now = studio.clock()
    studio.ledger.leadership.acquire("fleet", holder="test", ttl=timedelta(minutes=1), now=now)
    machine = Intent(
        id=WORKER,
        label="easel/test/1",
        provider="vast",
        profile="p",
        offer={},
        gpu="RTX 4090",
        machine_id="m",
        usd_per_hour=36.0,
        storage_usd_per_hour=0.0,
        reason="",
    )
    job = await studio.queued()
    await studio.claim(job)
    await studio.skip(5)
    await studio.render(job)
    assert "¢" not in (await studio.messages())[-1]["content"]
    studio.ledger.instances.intend(machine, role="fleet", leader_epoch=1, now=now)
    job = await studio.queued()
    await studio.claim(job)
    await studio.skip(5)
    await studio.render(job)
    assert " s · 1.5 ¢\n" in (await studio.messages())[-1]["content"]


async def test_pixels_are_kept_and_texts_are_the_ledgers(studio: Studio) -> None:
    """Bit-equal pixels; every text of the worker is dropped, ours is written from the order."""

    def with_texts(size: tuple[int, int], seed: int) -> bytes:
        texts = PngInfo()
        texts.add_text("parameters", "forged")
        texts.add_text("spy", "address")
        data = io.BytesIO()
        Image.open(io.BytesIO(picture(size, seed))).save(data, "PNG", pnginfo=texts)
        return data.getvalue()

    job = await studio.queued(seed=7)
    await studio.render(job, draw=with_texts)
    (message,) = await posted_pictures(studio)
    image = await fetched(studio, message["attachments"][0])
    assert image.tobytes() == Image.open(io.BytesIO(picture((64, 64), 7))).tobytes()
    assert set(image.info) == {"parameters", "easel"}
    assert image.info["parameters"].startswith(
        "a red fox\nSteps: 4, Sampler: Euler, CFG scale: 5, Seed: 7, Size: 64x64"
    )
    ours = json.loads(image.info["easel"])
    assert (ours["job_id"], ours["seed"]) == (job.id, 7)
    assert "source" not in image.info["easel"], "where the weights come from is nobody's business"


async def test_a_job_that_waited_20_minutes_is_posted_into_the_channel(studio: Studio) -> None:
    """The 15-minute wall does not exist: a new message pings its requester alone, the old one becomes a link."""
    job = await studio.queued()
    await studio.skip(TWENTY_MINUTES_S)
    done = await studio.render(job)
    assert (done.state, done.posted_route) == (JobState.POSTED, "channel")
    old, new = await studio.messages()
    assert new["id"] == str(done.posted_message_id)
    assert new["content"].startswith(f"<@{job.user_id}> **a red fox**")
    assert [each["id"] for each in new["mentions"]] == [str(job.user_id)]
    assert old["content"] == f"Done: https://discord.com/channels/{job.guild_id}/{job.channel_id}/{new['id']}"
    assert old["components"] == []
    assert new["message_reference"]["message_id"] == old["id"]
    late = [each for each in await studio.requests() if each["token"] == "interaction" and each["method"] == "PATCH"]
    assert late == []


async def test_who_wants_no_ping_gets_none(studio: Studio) -> None:
    """`/settings set notify:none`: the late result comes all the same, and nobody's phone rings."""
    await studio.says("settings set", notify="none")
    job = await studio.queued()
    await studio.skip(TWENTY_MINUTES_S)
    await studio.render(job)
    new = (await studio.messages())[-1]
    assert new["content"].startswith("**a red fox**")
    assert new["mentions"] == []


async def test_a_token_that_died_early_only_changes_the_way(studio: Studio) -> None:
    """50027 within the 15 minutes happens; it is no failure."""
    job = await studio.queued()
    await studio.fault(kind="token_dead")
    done = await studio.render(job)
    assert done.posted_route == "channel"
    assert len(await posted_pictures(studio)) == 1


async def test_502_after_commit_gives_one_message_in_the_channel(studio: Studio) -> None:
    """Discord had it and said otherwise: the nonce makes the repeat the same message."""
    job = await studio.queued()
    await studio.skip(TWENTY_MINUTES_S)
    await studio.fault(kind="status", status=502, after_commit=True, **CREATE)
    done = await studio.render(job)
    assert done.state is JobState.POSTED
    assert [message["id"] for message in await posted_pictures(studio)] == [str(done.posted_message_id)]


async def test_502_after_commit_gives_one_message_by_the_original(studio: Studio) -> None:
    """A repeated edit replaces the files instead of adding them."""
    job = await studio.queued()
    await studio.fault(kind="status", status=502, after_commit=True, **PATCH_ORIGINAL)
    await studio.render(job)
    (message,) = await studio.messages()
    assert len(message["attachments"]) == 1


async def test_a_cut_connection_is_repeated_with_the_same_nonce(studio: Studio) -> None:
    """Uncertain: the job goes back to RENDERED, the sweep sends a courier again, Discord shows one message."""
    job = await studio.queued()
    await studio.skip(TWENTY_MINUTES_S)
    await studio.fault(kind="drop", after_commit=True, **CREATE)
    assert (await studio.render(job)).state is JobState.RENDERED
    await asyncio.to_thread(studio.office.post, job.id)
    assert (await studio.job(job.id)).state is JobState.POSTED
    assert len(await posted_pictures(studio)) == 1


async def test_after_the_nonces_time_the_history_is_looked_into(studio: Studio) -> None:
    """Ten minutes later the nonce guards nothing: what is in the channel already is found."""
    job = await studio.queued()
    await studio.skip(TWENTY_MINUTES_S)
    await studio.fault(kind="drop", after_commit=True, **CREATE)
    assert (await studio.render(job)).state is JobState.RENDERED
    await studio.skip(600)
    await asyncio.to_thread(studio.office.post, job.id)
    (message,) = await posted_pictures(studio)
    assert (await studio.job(job.id)).posted_message_id == int(message["id"])


async def test_a_courier_that_died_after_posting_posts_nothing_twice(studio: Studio) -> None:
    """Killed between Discord's commit and the ledger's: the next courier takes over and finds it done."""
    job = await studio.queued()
    await studio.skip(TWENTY_MINUTES_S)
    await studio.render(job)
    with studio.ledger.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE jobs SET state='posting', posted_message_id=NULL, ended_at=NULL")
    await asyncio.to_thread(studio.result_of, job)
    await studio.skip(61)
    await asyncio.to_thread(studio.office.post, job.id)
    assert (await studio.job(job.id)).state is JobState.POSTED
    assert len(await posted_pictures(studio)) == 1


async def test_a_result_that_arrives_twice_is_posted_once(studio: Studio) -> None:
    """Celery hands messages out twice, also at the same time."""
    job = await studio.queued()
    result = await asyncio.to_thread(studio.result_of, job)
    await asyncio.gather(*(asyncio.to_thread(studio.office.rendered, result) for _ in range(3)))
    assert (await studio.job(job.id)).state is JobState.POSTED
    patches = [each for each in await studio.requests() if each["route"].endswith("@original")]
    assert len(patches) == 1


async def test_too_large_for_png_goes_down_the_ladder_and_says_so(studio: Studio) -> None:
    """413 although the limit looked higher: lossless WebP, then quality 95, never silently."""
    job = await studio.queued(model="sdxl-base-1.0", aspect="1:1")
    assert job.attachment_limit_bytes == 10 * 2**20
    await studio.fault(kind="upload_limit_bytes", bytes=2_900_000)
    done = await studio.render(job)
    assert done.state is JobState.POSTED
    (message,) = await posted_pictures(studio)
    assert message["attachments"][0]["filename"].endswith("-1.webp")
    assert "quality 95, slightly lossy" in message["content"]
    image = await fetched(studio, message["attachments"][0])
    comment = image.getexif().get_ifd(0x8769)[0x9286]
    assert b"UNICODE" in comment
    assert "a red fox" in comment.removeprefix(b"UNICODE\x00").decode("utf-16-be")


async def test_too_large_in_every_form_is_told(studio: Studio) -> None:
    """No picture vanishes without a word."""
    job = await studio.queued()
    await studio.fault(kind="upload_limit_bytes", bytes=1000)
    done = await studio.render(job)
    assert done.state is JobState.FAILED
    (message,) = await studio.messages()
    assert "even at reduced quality" in message["content"]
    assert "Ask for fewer `images`" in message["content"]


async def test_discord_away_is_waited_for(studio: Studio) -> None:
    """The picture stays in the ledger's care until Discord is back."""
    job = await studio.queued()
    await studio.fault(kind="drop", **PATCH_ORIGINAL)
    assert (await studio.render(job)).state is JobState.RENDERED
    await asyncio.to_thread(studio.office.post, job.id)
    assert (await studio.job(job.id)).state is JobState.POSTED


async def test_an_outage_outlasts_no_picture(studio: Studio) -> None:
    """Hours of it: each try keeps the picture for another hour, so that nothing is drawn, and paid for, twice."""
    job = await studio.queued()
    await studio.fault(kind="drop", count=3, **PATCH_ORIGINAL)
    await studio.render(job)
    (key,) = studio.redis.keys("blob:*")
    for _ in range(2):
        studio.redis.pexpire(key, 5_000)  # an hour later
        await asyncio.to_thread(studio.office.post, job.id)
        assert studio.redis.pttl(key) > keys.BLOB_TTL.total_seconds() * 1000 - 5_000
    await asyncio.to_thread(studio.office.post, job.id)
    posted = await studio.job(job.id)
    assert (posted.state, posted.attempts) == (JobState.POSTED, 0)
    assert len(await posted_pictures(studio)) == 1


async def test_a_closed_channel_ends_the_job(studio: Studio) -> None:
    """Nothing can be posted where the bot was locked out; the job ends and gives its quota back."""
    job = await studio.queued()
    await studio.skip(TWENTY_MINUTES_S)
    await studio.fault(kind="channel_permissions", channel="general", deny=["VIEW_CHANNEL"])
    done = await studio.render(job)
    assert done.state is JobState.FAILED
    assert done.failure is not None
    assert done.failure.code is ErrorCode.CANNOT_POST
    assert done.told_at is not None


async def test_lost_pictures_are_drawn_again(studio: Studio) -> None:
    """Redis forgot them: the next epoch is in the queue at once."""
    job = await studio.queued()
    result = await asyncio.to_thread(studio.result_of, job)
    studio.redis.delete(result.images[0].key)
    await asyncio.to_thread(studio.office.rendered, result)
    again = await studio.job(job.id)
    assert (again.state, again.epoch) == (JobState.QUEUED, 2)
    assert (job.id, 2) in backlog.waiting(studio.redis, ["gpu.tiny-sdxl"])


async def test_a_hostile_worker_gets_three_tries_and_posts_nothing(studio: Studio) -> None:
    """HTML instead of a PNG: drawn again by somebody, and after three attempts the member is told."""
    job = await studio.queued()
    for _ in range(3):
        await studio.claim(job)
        job = await studio.render(job, draw=lambda _size, _seed: b"<html>not a picture</html>")
    assert job.state is JobState.FAILED
    (message,) = await studio.messages()
    assert message["attachments"] == []
    assert "It was tried several times, and each attempt failed." in message["content"]


async def test_a_failure_is_told_with_cause_and_remedy(studio: Studio) -> None:
    """What cannot be drawn ends at once, and no word of the worker reaches the member."""
    job = await studio.queued()
    await studio.claim(job)
    failure = Failure(code=ErrorCode.OUT_OF_MEMORY, detail="CUDA @everyone", data={"model": "@everyone"})
    await asyncio.to_thread(studio.office.failed, failed(job, failure))
    ended = await studio.job(job.id)
    assert (ended.state, ended.told_at is not None) == (JobState.FAILED, True)
    (message,) = await studio.messages()
    assert "The GPU ran out of memory with 64×64, even drawing thriftily.\nLeave ControlNets out" in message["content"]
    assert "everyone" not in message["content"]
    assert labels(message) == ["Retry"]


async def test_a_late_failure_is_told_in_the_channel_once(studio: Studio) -> None:
    """The requester is pinged in a new message, and a second `courier.tell` changes nothing."""
    job = await studio.queued()
    await studio.skip(TWENTY_MINUTES_S)
    await asyncio.to_thread(studio.ledger.jobs.expire, job.id, now=studio.clock())
    for _ in range(2):
        await asyncio.to_thread(studio.office.tell, job.id)
    old, new = await studio.messages()
    assert "It waited too long for a GPU and was given up." in new["content"]
    assert [each["id"] for each in new["mentions"]] == [str(job.user_id)]
    assert old["content"].startswith("Done: https://")


def failed(job: Job, failure: Failure) -> Failed:
    return Failed(job_id=job.id, epoch=job.epoch, worker_id=WORKER, failure=failure, at=job.received_at)
