"""Runs so many stories, or as many as a time allows, and says how many there were."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog
from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.properties.promises import keep
from tests.properties.stories import Story, stories
from tests.properties.world import Resources
from tests.redis_server import RedisServer

BLOCK = 50


@contextmanager
def resources() -> Iterator[Resources]:
    """A Redis that forgets, a ledger in memory, and no log: a line per fault would take longer than the loop itself."""
    before = structlog.get_config()
    structlog.configure(processors=[_drop])
    with tempfile.TemporaryDirectory() as directory:
        server = RedisServer(Path(directory), durable=False)
        server.start()
        opened = Resources.of(server.url)
        try:
            yield opened
        finally:
            opened.ledger.close()
            server.stop()
            structlog.configure(**before)


def run(number: int, opened: Resources, *, first_seed: int = 0, until: float = float("inf")) -> int:
    """So many stories in blocks with seeds of their own, none begun after `until` (monotonic); returns how many.

    Raises:
        AssertionError: with the shortest story that breaks a promise.
    """
    done = 0
    while done < number and time.monotonic() < until:
        done += _block(min(BLOCK, number - done), opened, number=first_seed + done)
    return done


def _block(size: int, opened: Resources, *, number: int) -> int:
    kept = 0

    @seed(number)
    @settings(
        max_examples=size,
        deadline=None,
        database=None,
        print_blob=False,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(stories())
    def holds(story: Story) -> None:
        nonlocal kept
        keep(story, opened)
        kept += 1

    holds()
    return kept


def _drop(_logger: Any, _method: str, _event: Any) -> Any:
    raise structlog.DropEvent
