"""The bot and the courier's office in one process, on the real discord.py, a real Redis, a real ledger, the sandbox."""

import asyncio
import hashlib
import io
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Self

import aiohttp
from PIL import Image
from redis import Redis

from bot import exts
from bot.client import EaselClient
from bot.command_sync import sync
from bot.courier.link import DiscordLink
from bot.courier.messenger import Messenger
from bot.courier.office import Office
from bot.publishing.desk import PublishingDesk
from bot.services import Services
from config.loading import Registry
from sandbox.discord.server import DiscordServer
from tasks import blobs
from tasks.app import make_app
from tasks.connections import connect, connect_async
from tasks.errors import ErrorCode
from tasks.ledger import Job, Ledger
from tasks.lifecycle import JobState
from tasks.publishing import Publisher
from tasks.schema import BlobRef, Claimed, Failed, Failure, Rendered, Timings

WORKER = "worker-1"
EPHEMERAL = 64


def picture(spec_size: tuple[int, int], seed: int) -> bytes:
    """A PNG as a worker would make it: noise that depends on the seed."""
    width, height = spec_size
    noise = b"".join(
        hashlib.sha256(f"{seed}:{row}:{part}".encode()).digest()
        for row in range(height)
        for part in range(-(-width * 3 // 32))
    )
    stride = -(-width * 3 // 32) * 32
    pixels = b"".join(noise[row * stride : row * stride + width * 3] for row in range(height))
    data = io.BytesIO()
    Image.frombytes("RGB", spec_size, pixels).save(data, "PNG")
    return data.getvalue()


def labels(message: dict[str, Any]) -> list[str]:
    """The buttons below a message."""
    return [each["label"] for row in message["components"] for each in row["components"] if "label" in each]


class Studio:
    """One running bot and one office. `clock` is the sandbox's, so that skipped time is skipped for all."""

    def __init__(
        self,
        server: DiscordServer,
        ledger: Ledger,
        redis_url: str,
        registry: Registry,
        *,
        owner_guild_id: int | None = None,
    ) -> None:
        self.server = server
        self.ledger = ledger
        self.redis: Redis = connect(redis_url)
        self.clock: Callable[[], datetime] = server.state.clock.now
        self.publisher = Publisher(make_app(redis_url, client_name="test"), self.redis)
        self.services = Services(registry, ledger, connect_async(redis_url), self.publisher, self.clock)
        self.services.desk = PublishingDesk(owner_guild_id=owner_guild_id)
        self.bot = EaselClient(self.services, look_every_s=0.2)
        exts.install(self.bot)
        self.link = DiscordLink(server.state.token)
        self.office = Office(ledger, self.redis, self.publisher, Messenger(self.link), registry, self.clock)
        self._running: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._running = asyncio.create_task(self.bot.start(self.server.state.token))
        # Not `wait_until_ready`: discord.py waits two more seconds for guilds that might still come.
        await self.until(lambda: self.bot.guilds or (self._running and self._running.done()))
        if self._running.done():
            self._running.result()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.bot.stop()
        if self._running is not None:
            await asyncio.gather(self._running, return_exceptions=True)
        await self.services.close()
        await asyncio.to_thread(self.link.close)

    async def publish(self) -> None:
        await sync(self.bot.tree, owner_guild_id=None)

    async def use(
        self, command: str = "imagine", *, user: str = "member-1", checks: bool = True, **options: Any
    ) -> Any:
        return await self.send(command, options, user=user, checks=checks)

    async def send(self, command: str, options: dict[str, Any], *, user: str, checks: bool = True) -> Any:
        """For options that are named as an argument of ours."""
        body = {"command": command, "options": options, "user": user, "client_checks": checks, "wait": True}
        return await self.server.control("POST", "interactions", body)

    async def press_cancel(self, message_id: str, *, user: str = "member-1") -> Any:
        return await self.press("Cancel", message_id, user=user)

    async def press(self, label: str, message_id: object, *, user: str = "member-1") -> Any:
        press = {"label": label, "message_id": str(message_id), "user": user, "wait": True}
        return await self.server.control("POST", "interactions", press)

    async def menu(self, name: str, message_id: object, *, user: str = "member-1") -> Any:
        body = {"command": name, "target": str(message_id), "user": user, "wait": True}
        return await self.server.control("POST", "interactions", body)

    async def submit(self, opened: dict[str, Any], *, user: str = "member-1", **fields: str) -> Any:
        """Fill in the window that an interaction opened."""
        body = {"modal": opened["interaction_id"], "fields": fields, "user": user, "wait": True}
        return await self.server.control("POST", "interactions", body | {"client_checks": False})

    async def posted(self, **options: Any) -> Job:
        """A job whose pictures are in the channel."""
        return await self.render(await self.queued(**options))

    async def suggestions(
        self, command: str, focused: str, typed: str = "", *, user: str = "member-1"
    ) -> list[dict[str, Any]]:
        body = {"command": command, "options": {focused: typed}, "focused": focused, "user": user}
        choices: list[dict[str, Any]] = (await self.server.control("POST", "interactions", body))["choices"]
        return choices

    async def says(self, command: str, *, user: str = "member-1", **options: Any) -> str:
        """The ephemeral answer of a command."""
        outcome = await self.use(command, user=user, checks=False, **options)
        assert outcome["message"]["flags"] & EPHEMERAL
        return str(outcome["message"]["content"])

    async def answer(self, command: str, *, user: str = "member-1", **options: Any) -> dict[str, Any]:
        """The ephemeral message of a command that shows "thinking" first, once it is there."""
        outcome = await self.use(command, user=user, checks=False, **options)
        async with asyncio.timeout(5):
            while not (outcome["message"] and outcome["message"]["content"]):
                await asyncio.sleep(0.02)
                outcome = await self.server.control("GET", f"interactions/{outcome['interaction_id']}")
        message: dict[str, Any] = outcome["message"]
        assert message["flags"] & EPHEMERAL
        return message

    async def messages(self, channel: str = "general") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await self.server.control("GET", f"channels/{channel}/messages")
        return found

    async def file(self, attachment: dict[str, Any]) -> bytes:
        """What lies behind an attachment."""
        async with aiohttp.ClientSession() as session, session.get(attachment["url"]) as answer:
            return await answer.read()

    async def message_says(self, sentence: str, *, channel: str = "general", within_s: float = 5.0) -> dict[str, Any]:
        """The newest message, once it contains a sentence."""
        async with asyncio.timeout(within_s):
            while True:
                found = await self.messages(channel)
                if found and sentence in found[-1]["content"]:
                    return found[-1]
                await asyncio.sleep(0.02)

    async def until(self, condition: Callable[[], object], *, within_s: float = 5.0) -> None:
        """Waits for something that another task brings about."""
        async with asyncio.timeout(within_s):
            while not condition():  # noqa: ASYNC110 - it waits for what other processes do
                await asyncio.sleep(0.02)

    async def open_channel(self, name: str, **about: Any) -> int:
        """A channel, forum or thread that the bot has heard of; its id."""
        made = int((await self.server.control("POST", "channels", {"name": name} | about))["id"])
        await self.until(lambda: self.bot.get_channel(made))
        return made

    async def requests(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await self.server.control("GET", "requests")
        return found

    async def fault(self, **fault: Any) -> None:
        await self.server.control("POST", "faults", fault)

    async def skip(self, seconds: float) -> None:
        await self.server.control("POST", "clock", {"advance_s": seconds})

    async def job_when(self, *states: JobState, within_s: float = 5.0) -> Job:
        """The only job, once it is in one of `states`."""
        async with asyncio.timeout(within_s):
            while True:
                jobs = await asyncio.to_thread(self.ledger.jobs.in_states, states)
                if jobs:
                    return jobs[0]
                await asyncio.sleep(0.02)

    async def speaks(self, locale: str, *, user: str = "member-1") -> None:
        """From now on this member's client is in another language."""
        body = {"command": "help", "user": user, "locale": locale, "wait": True}
        await self.server.control("POST", "interactions", body)

    async def queued(self, **options: Any) -> Job:
        """An order that has reached the queue."""
        await self.use(**({"prompt": "a red fox"} | options))
        return await self.published()

    async def published(self) -> Job:
        """The only job, once its message is in Redis."""
        async with asyncio.timeout(5):
            while True:
                job = await self.job_when(JobState.QUEUED)
                if job.published_at is not None:
                    return job
                await asyncio.sleep(0.02)

    def result_of(self, job: Job, *, draw: Callable[[tuple[int, int], int], bytes] = picture) -> Rendered:
        """What a worker hands over; the blobs are in Redis."""
        size = (job.spec.width, job.spec.height)
        refs: tuple[BlobRef, ...] = tuple(
            blobs.put(self.redis, job.id, number, epoch=job.epoch, data=draw(size, seed), seed=seed, size=size)
            for number, seed in enumerate(job.spec.seeds)
        )
        maps = tuple(
            blobs.put(self.redis, job.id, number, epoch=job.epoch, data=draw(size, number), seed=0, size=size)
            for number in range(len(refs), len(refs) + len(job.spec.controls) * job.spec.show_maps)
        )
        return Rendered(
            job_id=job.id,
            epoch=job.epoch,
            worker_id=WORKER,
            images=refs,
            maps=maps,
            timings=Timings(sample_s=1.5),
            at=datetime.now(UTC),
        )

    async def claim(self, job: Job) -> None:
        news = Claimed(job_id=job.id, epoch=job.epoch, worker_id=WORKER, at=datetime.now(UTC))
        await asyncio.to_thread(self.office.claimed, news)

    async def render(self, job: Job, **options: Any) -> Job:
        """The worker hands over and the courier posts."""
        result = await asyncio.to_thread(self.result_of, job, **options)
        await asyncio.to_thread(self.office.rendered, result)
        return await self.job(job.id)

    async def fail(self, job: Job, code: ErrorCode = ErrorCode.OUT_OF_MEMORY) -> Job:
        """The worker says that it cannot."""
        news = Failed(
            job_id=job.id, epoch=job.epoch, worker_id=WORKER, failure=Failure(code=code), at=datetime.now(UTC)
        )
        await asyncio.to_thread(self.office.failed, news)
        return await self.job(job.id)

    async def newest(self, *states: JobState, within_s: float = 5.0) -> Job:
        """The newest job of all, once it is in one of `states`."""
        async with asyncio.timeout(within_s):
            while True:
                jobs = await asyncio.to_thread(self.ledger.jobs.in_states, list(JobState))
                if jobs and jobs[-1].state in states and (jobs[-1].published_at or JobState.QUEUED not in states):
                    return jobs[-1]
                await asyncio.sleep(0.02)

    async def job(self, job_id: str) -> Job:
        found = await asyncio.to_thread(self.ledger.jobs.get, job_id)
        assert found is not None
        return found
