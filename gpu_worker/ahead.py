"""Gets ready for what comes next while the lane samples: fetches what waiting jobs need, loads what is asked for.

It only looks: a busy worker takes no message for this, another one may have it.
"""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

import structlog
from redis import Redis
from redis.exceptions import NoPermissionError, RedisError

from gpu_worker import materials
from gpu_worker.lane import Lane
from gpu_worker.materials import Errands
from gpu_worker.renderer import CheckpointFiles, Renderer
from gpu_worker.status import WorkerStatus
from gpu_worker.traffic import Traffic
from gpu_worker.watchdog import Watchdog
from gpu_worker.workshop import Fetcher
from tasks import lookahead, routing, warming
from tasks.errors import JobError
from tasks.schema import CheckpointRef, RenderTask
from tasks.warming import WarmUp

log = structlog.get_logger()

LOOK_EVERY_S = 2.0
_Answer = TypeVar("_Answer")
_AGAIN_S = 600.0  # what was fetched may have left the disk, what failed may have been mended


@dataclass
class Ahead:
    """One thread of its own. `wanted`: ids of what waiting jobs draw with, for whoever decides what stays in memory."""

    redis: Redis
    checkpoints: tuple[str, ...]
    fetcher: Fetcher
    lane: Lane
    traffic: Traffic
    status: WorkerStatus
    watchdog: Watchdog
    clock: Callable[[], float] = time.monotonic
    wanted: tuple[str, ...] = ()
    _done: dict[str, float] = field(default_factory=dict)
    _denied: set[str] = field(default_factory=set)

    def start(self) -> None:
        """Look every two seconds from now on."""
        threading.Thread(target=self._run, name="ahead", daemon=True).start()

    def look(self) -> None:
        """Do what is to be done now.

        Raises:
            redis.exceptions.RedisError: Redis is away.
        """
        if self.traffic.jobs:
            self._fetch_for(self._next_tasks())
        else:
            self.wanted = ()
            self._load_what_is_asked_for()

    def learn_links(self) -> None:
        """Take the links that lie ready for whoever starts: the profile's checkpoints may be private."""
        try:
            for wish in self._wishes():
                self.fetcher.learn(wish.links)
        except RedisError as error:
            log.info("no links taken: redis does not answer", error=type(error).__name__)

    def _run(self) -> None:
        while True:
            time.sleep(LOOK_EVERY_S)
            try:
                self.look()
            except RedisError as error:
                log.info("not looking ahead: redis does not answer", error=type(error).__name__)
            except Exception as error:  # noqa: BLE001 - being ahead is a favour; jobs fetch for themselves
                log.warning("looking ahead failed", error=type(error).__name__)

    def _next_tasks(self) -> list[RenderTask]:
        queues = routing.affinity_order(map(routing.gpu_queue, self.checkpoints), loaded=self.lane.loaded())
        return self._allowed("LRANGE on the queues", lambda: lookahead.next_tasks(self.redis, queues))

    def _wishes(self) -> list[WarmUp]:
        return self._allowed("GET on warmup:*", lambda: warming.requested(self.redis, self.checkpoints))

    def _allowed(self, right: str, ask: Callable[[], list[_Answer]]) -> list[_Answer]:
        """What a right lets us see; an older credential may lack it, which is said once."""
        if right in self._denied:
            return []
        try:
            return ask()
        except NoPermissionError:
            self._denied.add(right)
            log.warning("not getting ready ahead of jobs: this worker's Redis user lacks a right", right=right)
            return []

    def _fetch_for(self, tasks: Iterable[RenderTask]) -> None:
        tasks = list(tasks)
        ids = [name for task in tasks for name in (task.spec.checkpoint.id, *(each.id for each in task.spec.controls))]
        self.wanted = tuple(dict.fromkeys(ids))
        for task in tasks:
            self.fetcher.learn(task.links)
            self._once(task.spec.checkpoint.model_dump_json(), partial(self._fetch, task.spec.checkpoint))
            errands = Errands(self.fetcher, self.status.fetching, is_ahead=True)
            for name, work in materials.ahead(task.spec, errands):
                self._once(name, work)

    def _load_what_is_asked_for(self) -> None:
        for wish in self._wishes():
            self.fetcher.learn(wish.links)
            self._once(f"{wish.checkpoint.id}@{wish.at.isoformat()}", partial(self._load, wish.checkpoint))

    def _once(self, name: str, work: Callable[[], object]) -> None:
        if self.clock() < self._done.get(name, 0):
            return
        try:
            work()
        except JobError as error:
            log.warning("could not get ready", code=error.code.value, detail=error.detail)
            self.status.note_error(error)
        self._done = {key: until for key, until in self._done.items() if until > self.clock()}
        self._done[name] = self.clock() + _AGAIN_S

    def _fetch(self, ref: CheckpointRef) -> CheckpointFiles:
        with self.status.fetching(ref.id) as listen:
            return self.fetcher.checkpoint(ref, listen=listen, is_ahead=True)

    def _load(self, ref: CheckpointRef) -> None:
        files = self._fetch(ref)

        def load(renderer: Renderer) -> None:
            with self.traffic.on_lane(f"warm-up {ref.id}"), self.watchdog.loading():
                renderer.load(ref, files)

        self.lane.run(load)
        self.status.changed.set()
        log.info("checkpoint warmed up", checkpoint=ref.id)
