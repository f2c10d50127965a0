"""Learns, while the worker runs, which checkpoints there are: the queue of a new one is served from then on."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import structlog
from celery import Celery
from kombu import Queue
from redis import Redis
from redis.exceptions import NoPermissionError, RedisError

from tasks import routing, served

log = structlog.get_logger()

LOOK_EVERY_S = 2.0


class TaskConsumer(Protocol):
    """Celery's `Consumer`, as far as it is needed."""

    task_consumer: Any  # None while the connection is made again; then all of the app's queues are consumed anyway

    def call_soon(self, p: Callable[..., Any], *args: Any) -> Any: ...
    def add_task_queue(self, queue: str) -> None: ...


@dataclass
class Served:
    """One thread of its own. `ids` are the checkpoints that this worker serves, in the order of the queues."""

    redis: Redis
    app: Celery
    ids: tuple[str, ...]
    changed: Callable[[tuple[str, ...]], None]
    _may_look: bool = True

    def start(self, consumer: TaskConsumer) -> threading.Event:
        """Look every two seconds until the event is set; queues are added on the consumer's own thread."""
        over = threading.Event()
        threading.Thread(target=self._run, args=(consumer, over), name="served", daemon=True).start()
        return over

    def look(self) -> tuple[str, ...]:
        """What is new, known to the app from now on so that a reconnection keeps it; nothing consumes it yet.

        Raises:
            redis.exceptions.RedisError: Redis is away.
        """
        try:
            told = served.announced(self.redis)
        except NoPermissionError:
            self._may_look = False
            log.warning("new models are not served: this worker's Redis user may not look which there are")
            return ()
        new = tuple(name for name in told if name not in self.ids)
        for name in map(routing.gpu_queue, new):
            self.app.amqp.queues.add(Queue(name, routing_key=name, no_declare=True))
        self.ids += new
        return new

    def _run(self, consumer: TaskConsumer, over: threading.Event) -> None:
        while self._may_look and not over.is_set():
            try:
                self._take_up(self.look(), consumer)
            except RedisError as error:
                log.info("no news of models: redis does not answer", error=type(error).__name__)
            over.wait(LOOK_EVERY_S)

    def _take_up(self, new: tuple[str, ...], consumer: TaskConsumer) -> None:
        for name in new:
            consumer.call_soon(_consume, consumer, routing.gpu_queue(name))
            log.info("serving another checkpoint", checkpoint=name)
        if new:
            self.changed(self.ids)


def _consume(consumer: TaskConsumer, queue: str) -> None:
    if consumer.task_consumer is not None:
        consumer.add_task_queue(queue)


def split(wanted: tuple[str, ...], known: Iterable[str]) -> tuple[tuple[str, ...], bool]:
    """(checkpoints to serve at the start, whether to learn of new ones), from EASEL_CHECKPOINTS and the registry."""
    named = tuple(name for name in wanted if name != served.EVERY_NEW_ONE)
    return named or tuple(known), not wanted or served.EVERY_NEW_ONE in wanted
