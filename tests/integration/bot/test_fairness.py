"""A burst delays only its author: with one GPU, a newcomer's only job waits for at most the one that is being drawn."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from celery.contrib.testing.worker import start_worker

from gpu_worker.celery_app import make_worker_app, serve_renders
from sandbox.discord.server import DiscordServer
from tasks.ledger import Ledger
from tests.integration.bot.studio import Studio
from tests.unit.bot.registries import registry

BURST = 100


@pytest.fixture
async def generous(server: DiscordServer, ledger: Ledger, redis_url: str) -> AsyncIterator[Studio]:
    """A house that lets one member have a hundred jobs at once."""
    async with Studio(server, ledger, redis_url, registry(max_outstanding_per_user=200)) as studio:
        await studio.publish()
        yield studio


@contextmanager
def one_gpu(redis_url: str) -> Iterator[tuple[list[str], threading.Semaphore]]:
    """A real consumer that draws one at a time: the order of its jobs, and what lets it finish them."""
    begun, may_finish = list[str](), threading.Semaphore(0)
    app = make_worker_app(redis_url, worker_id="one-gpu", checkpoints=["tiny-sdxl"])

    def draw(message: dict[str, Any]) -> None:
        begun.append(message["job_id"])
        may_finish.acquire(timeout=30)

    serve_renders(app, draw)
    with start_worker(app, pool="threads", concurrency=1, perform_ping_check=False, shutdown_timeout=30):
        yield begun, may_finish
        may_finish.release(BURST + 1)


async def test_a_burst_of_a_hundred_delays_another_by_one_job(generous: Studio, redis_url: str) -> None:
    """A hundred are queued and one is being drawn when somebody else comes: theirs is the next but one."""
    studio = generous
    with one_gpu(redis_url) as (begun, may_finish):
        for number in range(BURST):
            await studio.use(prompt=f"burst {number}")
        await studio.until(lambda: begun and published(studio) == BURST, within_s=30)
        await studio.use(prompt="only one", user="member-2")
        await studio.until(lambda: published(studio) == BURST + 1, within_s=10)
        (newcomer,) = [job for job in studio.ledger.jobs.outstanding() if job.spec.prompt == "only one"]
        before = len(begun)
        while newcomer.id not in begun:
            assert len(begun) < before + 3, "more than one of the burst went before it"
            may_finish.release()
            await asyncio.sleep(0.05)
        assert begun.index(newcomer.id) - before <= 1


def published(studio: Studio) -> int:
    return sum(job.published_at is not None for job in studio.ledger.jobs.outstanding())
