"""Fixtures that everybody may use: a real Redis, real databases, a clock."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from redis import Redis

from tasks.ledger import Ledger
from tests.redis_server import RedisServer


@pytest.fixture(autouse=True)
def _no_env_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's `.env` holds real keys; no test may read it."""
    monkeypatch.setenv("EASEL_ENV_FILE", "")


@pytest.fixture(scope="session")
def shared_redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def redis(shared_redis_server: RedisServer) -> Iterator[Redis]:
    """A client of an empty Redis that lasts for the session; tests that restart Redis take `redis_server`."""
    client = Redis.from_url(shared_redis_server.url)
    client.flushall()
    yield client
    client.close()


@pytest.fixture
def redis_url(redis: Redis, shared_redis_server: RedisServer) -> str:
    return shared_redis_server.url


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis of one's own, to be stopped, killed and started again."""
    server = RedisServer(tmp_path / "redis")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """An empty ledger on SQLite."""
    opened = Ledger.open(f"sqlite:///{tmp_path / 'easel.db'}")
    yield opened
    opened.close()


class ManualClock:
    """A clock that stands still until it is told otherwise."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def __call__(self) -> datetime:
        return self._now

    def advance(self, seconds: float) -> datetime:
        self._now += timedelta(seconds=seconds)
        return self._now


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 11, 20, 12, 0, tzinfo=UTC))
