"""What goes wrong at night: killed processes, a lost answer, a second copy. Each job is posted once."""

import json
from collections import Counter
from typing import Any

import pytest
from redis import Redis

from sandbox.studio import Studio
from tasks import keys, routing
from tests.e2e.test_one_picture import draw

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

SLOW: dict[str, Any] = {"prompt": "a slow one", "model": "tiny-sdxl", "steps": 60, "images": 3}


def picture_of(studio: Studio, answer: dict[str, Any], *, timeout_s: float) -> dict[str, Any]:
    """Waits for the result of one command, wherever it was posted, and checks that it is there once."""
    message_id = answer["message"]["id"]

    def found() -> list[dict[str, Any]]:
        return [
            message
            for message in studio.pictures()
            if message["id"] == message_id or (message.get("message_reference") or {}).get("message_id") == message_id
        ]

    return studio.wait_for("the picture", found, timeout_s=timeout_s)[0]


def wait_until_drawing(studio: Studio, redis: Redis) -> str:
    """Returns the id of the job that a worker is drawing, once there is one."""

    def drawing() -> str | None:
        leased = ids_of(redis, "lease:")
        current = ids_of(redis, "epoch:")  # withdrawn as soon as a job has ended
        return next(iter(leased & current), None)

    return studio.wait_for("a worker to take the lease", drawing, timeout_s=90)


def ids_of(redis: Redis, prefix: str) -> set[str]:
    return {
        str(key, "utf-8").removeprefix(prefix) for key in redis.scan_iter(match=f"{prefix}*") if isinstance(key, bytes)
    }


@pytest.fixture
def redis(studio: Studio) -> Redis:
    return Redis.from_url(studio.redis_url)


def names_of_files(studio: Studio) -> Counter[str]:
    return Counter(attachment["filename"] for message in studio.pictures() for attachment in message["attachments"])


def test_a_killed_bot_comes_back_and_nothing_is_lost(studio: Studio) -> None:
    """kill -9 between queued and posted: the job is posted, and Cancel still works after the restart."""
    answer = studio.imagine(**SLOW)
    studio.process("-m bot").kill()
    picture_of(studio, answer, timeout_s=90)
    studio.wait_for("the bot to be back", lambda: studio.discord("GET", "health")["gateway_connections"], timeout_s=30)
    assert draw(studio, prompt="after the restart", steps=2)


def test_a_worker_killed_in_mid_render(studio: Studio, redis: Redis) -> None:
    """kill -9 of the machine's process: another worker posts the job, once, within 60 s of the kill."""
    draw(studio, prompt="so that a machine is there", steps=2)
    answer = studio.imagine(**SLOW)
    wait_until_drawing(studio, redis)
    victim = studio.rented()[0]
    studio.vast("POST", f"instances/{victim['instance_id']}/kill")
    picture_of(studio, answer, timeout_s=60)
    assert set(names_of_files(studio).values()) == {1}


def test_redis_is_restarted(studio: Studio, redis: Redis) -> None:
    """Redis killed with a job in it: it comes back from disk, everybody reconnects, the job is posted."""
    answer = studio.imagine(**SLOW)
    studio.process("redis-server").kill()
    picture_of(studio, answer, timeout_s=90)


def test_a_second_copy_of_the_message_draws_nothing(studio: Studio, redis: Redis) -> None:
    """A duplicate Celery message, while the job is drawn and after it is posted: one result."""
    answer = studio.imagine(**SLOW)
    job_id = wait_until_drawing(studio, redis)
    queue = routing.gpu_queue("tiny-sdxl")
    copies = [
        json.loads(entry)[0] for worker in ids_of(redis, "unacked:") for entry in redis.hvals(keys.unacked(worker))
    ]
    assert copies
    redis.lpush(queue, *(json.dumps(copy) for copy in copies))
    picture_of(studio, answer, timeout_s=90)
    redis.lpush(queue, *(json.dumps(copy) for copy in copies))
    studio.wait_for("the copies to be taken", lambda: redis.llen(queue) == 0, timeout_s=30)
    draw(studio, prompt="the next one", steps=2)
    assert [name for name in names_of_files(studio) if job_id.lower() in name.lower()]
    assert set(names_of_files(studio).values()) == {1}


def test_a_lost_create_answer_rents_one_machine(studio: Studio) -> None:
    """Vast creates the machine and the connection drops: it is found by its label; one is rented, none leaks."""
    studio.wait_for("the machines to be gone", lambda: not studio.rented(), timeout_s=90)
    before = len(studio.instances())
    studio.vast("POST", "faults", {"kind": "lost_create_answer", "count": 1})
    draw(studio, prompt="with a bad line", steps=2)
    assert len(studio.instances()) - before == 1
    studio.wait_for("the machine to be gone", lambda: not studio.rented(), timeout_s=90)
