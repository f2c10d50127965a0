"""Every waiting job and what its member sees: the ledger looked at now and then, the workers heard all the time."""

import asyncio
from collections.abc import Sequence

import discord
import structlog
from pydantic import ValidationError
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from bot.progress import edits
from bot.progress.editor import MISSING, Outcome, StatusEditor
from bot.progress.edits import Shown
from bot.progress.listener import listen
from bot.progress.previews import Previews
from bot.progress.stages import FleetView, Waiting, waiting
from bot.services import Services
from tasks import estimate, keys
from tasks.ledger import Job
from tasks.lifecycle import JobState
from tasks.schema import FleetStatus, Heartbeat, Progress, WorkerState

log = structlog.get_logger()

LOOK_EVERY_S = 2.0
_SPEEDS_EVERY_LOOKS = 15


class Board:
    """Knows the wait of every job. Nothing here must survive a restart: it is all read again from the ledger."""

    def __init__(
        self, services: Services, editor: StatusEditor, previews: Previews, *, look_every_s: float = LOOK_EVERY_S
    ) -> None:
        self._services = services
        self._editor = editor
        self._previews = previews
        self._look_every_s = look_every_s
        self._jobs: dict[str, Job] = {}
        self._news: dict[str, Progress] = {}
        self._shown: dict[str, Shown] = {}
        self._edits: dict[str, asyncio.Task[None]] = {}
        self._stirred = asyncio.Event()
        self.fleet = FleetView()
        self.rate = estimate.DEFAULT_SECONDS_PER_UNIT
        self.redis_answers = True
        self.ledger_answers = True

    @property
    def queue(self) -> Sequence[Job]:
        """Everything that has not ended, as last seen."""
        return tuple(self._jobs.values())

    def line(self, job: Job) -> Waiting:
        """Where this job is, from what is known now."""
        queue = self.queue if job.id in self._jobs else (*self.queue, job)
        now = self._services.clock()
        return waiting(job, queue, fleet=self.fleet, news=self._news.get(job.id), rate=self.rate, now=now)

    def shows(self, job: Job, line: Waiting) -> None:
        """The acknowledgement of `job` is out and says `line`."""
        self._jobs.setdefault(job.id, job)
        self._shown[job.id] = edits.showing(line, self._services.clock())

    def heard(self, news: Progress) -> None:
        """A worker's word; its clock may be wrong, so ours stamps it. A preview stays until the next one."""
        if news.job_id in self._jobs:
            before = self._news.get(news.job_id)
            same = before is not None and (before.epoch, before.worker_id) == (news.epoch, news.worker_id)
            preview = news.preview or (before.preview if before is not None and same else "")
            self._news[news.job_id] = news.model_copy(update={"at": self._services.clock(), "preview": preview})
            self._stirred.set()

    async def run(self) -> None:
        """Look, listen and edit until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(listen(self._services.redis, self.heard))
            group.create_task(self._look_for_ever())
            group.create_task(self._edit_for_ever())

    async def look(self) -> None:
        """Read the ledger and the fleet's status once; what does not answer is remembered as such."""
        await asyncio.gather(self._look_at_jobs(), self._look_at_fleet())

    async def _look_for_ever(self) -> None:
        looks = 0
        while True:
            await self.look()
            if looks % _SPEEDS_EVERY_LOOKS == 0:
                await self._learn_speed()
            looks += 1
            self._stirred.set()
            await asyncio.sleep(self._look_every_s)

    async def _look_at_jobs(self) -> None:
        known = set(self._jobs)
        try:
            outstanding = await self._services.in_ledger_later(self._services.ledger.jobs.outstanding)
        except SQLAlchemyError as error:
            self._note("ledger", answers=False, error=repr(error))
            return
        self._note("ledger", answers=True)
        arrived_meanwhile = {key: job for key, job in self._jobs.items() if key not in known}
        self._jobs = {job.id: job for job in outstanding} | arrived_meanwhile
        for forgotten in [*self._shown.keys() - self._jobs.keys(), *self._news.keys() - self._jobs.keys()]:
            self._shown.pop(forgotten, None)
            self._news.pop(forgotten, None)

    async def _look_at_fleet(self) -> None:
        redis = self._services.redis
        try:
            raw = await redis.get(keys.FLEET_STATUS)
            names = [key async for key in redis.scan_iter(match=keys.HEARTBEAT_PATTERN, count=1000)]
            hearts = await redis.mget(names) if names else []
        except (RedisError, OSError) as error:
            self._note("redis", answers=False, error=repr(error))
            return
        self._note("redis", answers=True)
        working = [heart for heart in map(_heart, hearts) if heart is not None]
        loaded = frozenset(name for heart in working for name in (*heart.loaded, *heart.loras))
        self.fleet = FleetView(status=_status(raw), workers=len(working), loaded=loaded)

    async def _learn_speed(self) -> None:
        try:
            finished = await self._services.in_ledger_later(self._services.ledger.jobs.recent_speeds)
        except SQLAlchemyError:
            return
        self.rate = estimate.seconds_per_unit(finished)

    def _note(self, what: str, *, answers: bool, **details: str) -> None:
        attribute = f"{what}_answers"
        if getattr(self, attribute) != answers:
            log.warning("answers again" if answers else "does not answer", who=what, **details)
        setattr(self, attribute, answers)

    async def _edit_for_ever(self) -> None:
        while True:
            await self._stirred.wait()
            self._stirred.clear()
            self.edit_what_is_due()
            await asyncio.sleep(self._look_every_s / 4)

    def edit_what_is_due(self) -> list[asyncio.Task[None]]:
        """Start an edit for each message that deserves one; returns the edits that were started."""
        started = []
        for job in self._jobs.values():
            # Before it is queued there may be no message yet, and asking for one that is not there ends all edits.
            if job.state not in (JobState.QUEUED, JobState.CLAIMED) or job.id in self._edits:
                continue
            task = self._edit_if_due(job)
            if task is not None:
                started.append(task)
        return started

    def _edit_if_due(self, job: Job) -> asyncio.Task[None] | None:
        now = self._services.clock()
        way = edits.way_for(
            has_token=job.interaction_token is not None,
            reply_known=job.reply_message_id is not None and not job.private,
            age=now - job.received_at,
        )
        line = self.line(job)
        if way is None or not edits.due(self._shown.get(job.id, Shown()), line, way=way, now=now):
            return None
        task = asyncio.create_task(self._edit(job, line, way))
        self._edits[job.id] = task
        task.add_done_callback(lambda _: self._edits.pop(job.id, None))
        return task

    async def _edit(self, job: Job, line: Waiting, way: edits.Way) -> None:
        outcome = await self._editor.edit(job, line, way=way, files=await self._files(job, line))
        if outcome is Outcome.DONE:
            self._shown[job.id] = edits.showing(line, self._services.clock())
        elif outcome is Outcome.REFUSED:
            self._shown[job.id] = Shown(dead=True)

    async def _files(self, job: Job, line: Waiting) -> Sequence[discord.File]:
        """What takes the place of the files on the message of `job`; MISSING: they stay."""
        if line.preview == self._shown.get(job.id, Shown()).preview:
            return MISSING  # type: ignore[no-any-return]
        file = await self._previews.file(job, line.preview) if line.preview else None
        return [] if file is None else [file]


def _heart(raw: bytes | str | None) -> Heartbeat | None:
    """The heartbeat of a worker that takes jobs."""
    try:
        heart = None if raw is None else Heartbeat.read(raw)
    except ValidationError:
        return None
    return heart if heart is not None and heart.state in (WorkerState.IDLE, WorkerState.BUSY) else None


def _status(raw: bytes | str | None) -> FleetStatus | None:
    try:
        return None if raw is None else FleetStatus.read(raw)
    except ValidationError:
        return None
