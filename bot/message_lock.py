"""The short lock on a job's Discord message: bot (progress) and courier (result) never write at the same time."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from redis.asyncio.lock import Lock as AsyncLock
from redis.exceptions import LockError, RedisError

from tasks import keys

# Longer than an edit of the bot may take, shorter than anybody's patience when a holder died.
EDIT_TIMEOUT_S = 8.0
_HELD_BY_BOT_S = 12.0
_HELD_BY_COURIER_S = 60.0
_COURIER_WAITS_S = 15.0


def for_progress(redis: AsyncRedis, job_id: str, *, wait_s: float = 0.0) -> AsyncLock:
    """For the bot: by default it does not wait, its next edit comes soon."""
    return redis.lock(
        keys.message_lock(job_id), timeout=_HELD_BY_BOT_S, blocking=wait_s > 0, blocking_timeout=wait_s, sleep=0.05
    )


@contextmanager
def held_for_result(redis: Redis, job_id: str) -> Iterator[None]:
    """For the courier: it waits until the bot's edit is over, and goes on without the lock when that takes too long.

    An edit by the bot looks at the ledger first, so what is lost without the lock is only certainty.
    """
    lock = redis.lock(
        keys.message_lock(job_id), timeout=_HELD_BY_COURIER_S, blocking_timeout=_COURIER_WAITS_S, sleep=0.05
    )
    try:
        held = lock.acquire()
    except RedisError:
        held = False
    try:
        yield
    finally:
        if held:
            with suppress(LockError, RedisError):
                lock.release()


async def release(lock: AsyncLock) -> None:
    """Give it back; that it had ended by itself, or that Redis is away, changes nothing."""
    with suppress(LockError, RedisError):
        await lock.release()
