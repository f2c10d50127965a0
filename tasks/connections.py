"""Connections to Redis, all with the same patience."""

from typing import Any

from redis import Redis
from redis.asyncio import Redis as AsyncRedis

_PATIENCE: dict[str, Any] = {
    "socket_connect_timeout": 4,
    "socket_timeout": 10,
    "socket_keepalive": True,
    "health_check_interval": 10,
}


def connect(url: str) -> Redis:
    """A client for synchronous processes; replies are bytes."""
    return Redis.from_url(url, **_PATIENCE)


def connect_async(url: str) -> AsyncRedis:
    """A client for the bot; replies are bytes."""
    return AsyncRedis.from_url(url, **_PATIENCE)
