"""What commands, buttons and the progress board need, built once in `__main__`."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import ParamSpec, TypeVar

from redis.asyncio import Redis

from bot.ledger_line import LedgerLine, Urgency
from bot.publishing.desk import PublishingDesk
from bot.watch.metrics import Metrics
from config.loading import Registry
from tasks.ledger import Ledger
from tasks.publishing import Publisher

Parameters = ParamSpec("Parameters")
Answer = TypeVar("Answer")

_BROKER_THREADS = 8


def utc_now() -> datetime:
    """The clock of production."""
    return datetime.now(UTC)


class InFlight:
    """Counts the commands that are being worked on, so that a stop can wait for them."""

    def __init__(self) -> None:
        self._count = 0
        self._idle = asyncio.Event()
        self._idle.set()

    @contextmanager
    def one(self) -> Iterator[None]:
        self._count += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._count -= 1
            if not self._count:
                self._idle.set()

    async def over(self) -> None:
        """Returns once nothing is being worked on."""
        await self._idle.wait()


@dataclass
class Services:
    """The bot's dependencies. Ledger and broker have threads of their own: a slow one does not starve the other.

    `registry` is replaced as a whole when something is published or removed (`bot.shelf`); all else stays.
    """

    registry: Registry
    ledger: Ledger
    redis: Redis
    publisher: Publisher
    clock: Callable[[], datetime] = utc_now
    in_flight: InFlight = field(default_factory=InFlight)
    metrics: Metrics = field(default_factory=Metrics)
    # Each takes a process and some hundred megabytes for a moment.
    pictures_at_once: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(2))
    # Each fills our disk, and the ledger, with a file of hundreds of megabytes.
    uploads_at_once: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
    desk: PublishingDesk = field(default_factory=PublishingDesk)
    _ledger_line: LedgerLine = field(default_factory=LedgerLine)
    _broker_threads: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(_BROKER_THREADS, thread_name_prefix="broker")
    )

    async def in_ledger(
        self, call: Callable[Parameters, Answer], *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> Answer:
        """`call(*args, **kwargs)` in the ledger's thread; the event loop goes on. For what a member waits for."""
        return await asyncio.wrap_future(self._ledger_line.submit(partial(call, *args, **kwargs)))

    async def in_ledger_later(
        self, call: Callable[Parameters, Answer], *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> Answer:
        """The same for what nobody waits for: everything `in_ledger` goes before it."""
        return await asyncio.wrap_future(self._ledger_line.submit(partial(call, *args, **kwargs), Urgency.AFTERWARDS))

    async def in_broker(
        self, call: Callable[Parameters, Answer], *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> Answer:
        """The same for calls that talk to Redis."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._broker_threads, partial(call, *args, **kwargs))

    async def close(self) -> None:
        """Let go of everything; the ledger is closed by whoever opened it."""
        self._ledger_line.close()
        self._broker_threads.shutdown(wait=False, cancel_futures=True)
        await self.redis.aclose()
