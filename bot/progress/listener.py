"""Hears the workers' progress on Redis, for as long as the bot runs."""

import asyncio
from collections.abc import Callable

import structlog
from pydantic import ValidationError
from redis.asyncio import Redis
from redis.exceptions import RedisError

from tasks import keys
from tasks.schema import MAX_PREVIEW_CHARACTERS, Progress

log = structlog.get_logger()

_RECONNECT_AFTER_S = 1.0
_MOST_BYTES = MAX_PREVIEW_CHARACTERS + 4096


async def listen(redis: Redis, heard: Callable[[Progress], None]) -> None:
    """Call `heard` with each piece of news; reconnects for ever."""
    while True:
        try:
            await _listen_once(redis, heard)
        except (RedisError, OSError) as error:
            log.warning("progress channel lost", error=repr(error))
        await asyncio.sleep(_RECONNECT_AFTER_S)


async def _listen_once(redis: Redis, heard: Callable[[Progress], None]) -> None:
    async with redis.pubsub(ignore_subscribe_messages=True) as channels:
        await channels.psubscribe(keys.PROGRESS_PATTERN)
        while True:
            message = await channels.get_message(timeout=5.0)
            news = None if message is None else _read(message["data"])
            if news is not None:
                heard(news)


def _read(data: bytes) -> Progress | None:
    """None for what no honest worker would send; it is only shown, so it is only dropped."""
    if len(data) > _MOST_BYTES:
        return None
    try:
        return Progress.read(data)
    except ValidationError:
        return None
