"""Edits a status message, under the lock and only while the ledger says that the job still waits."""

import asyncio
from collections.abc import Sequence
from enum import Enum, auto
from typing import Any

import aiohttp
import discord
import structlog
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from bot import message_lock
from bot.discord_api import NO_MENTIONS, ORIGINAL, answer_of, is_final, message_of
from bot.progress.edits import Way, way_for
from bot.progress.stages import Waiting
from bot.services import Services
from bot.wording.waiting import status_message
from tasks.ledger import Job
from tasks.lifecycle import WAITING_FOR_GPU

log = structlog.get_logger()

MISSING: Any = discord.utils.MISSING  # leaves buttons or files as they are
_CLOSE_WAITS_S = 1.0


class Outcome(Enum):
    """What became of an edit."""

    DONE = auto()
    SKIPPED = auto()  # somebody else writes, or there is nothing to write any more
    REFUSED = auto()  # Discord will never take it


class StatusEditor:
    """The bot's only writer of progress."""

    def __init__(self, services: Services, client: discord.Client) -> None:
        self._services = services
        self._client = client

    async def edit(self, job: Job, line: Waiting, *, way: Way, files: Sequence[discord.File] = MISSING) -> Outcome:
        """Show `line` on the message of `job`; never over a result, a failure or a cancel.

        `files` take the place of those that the message has; without them it keeps them.
        """
        lock = message_lock.for_progress(self._services.redis, job.id)
        try:
            if not await lock.acquire():
                return Outcome.SKIPPED
        except RedisError:
            return Outcome.SKIPPED
        try:
            return await self._edit_alone(job, line, way, files)
        finally:
            await message_lock.release(lock)

    async def close(self, job: Job, content: str) -> None:
        """The job ended by our own hand: its status message says `content` and loses its buttons and its preview."""
        way = way_for(
            has_token=job.interaction_token is not None,
            reply_known=job.reply_message_id is not None and not job.private,
            age=self._services.clock() - job.received_at,
        )
        if way is None:
            return
        lock = message_lock.for_progress(self._services.redis, job.id, wait_s=_CLOSE_WAITS_S)
        try:
            held = await lock.acquire()
        except RedisError:
            held = False
        try:
            async with asyncio.timeout(message_lock.EDIT_TIMEOUT_S):
                await self._write(job, content, way, files=(), view=None)
        except (discord.HTTPException, aiohttp.ClientError, OSError, TimeoutError) as error:
            log.info("status message stays", job_id=job.id, way=way, error=repr(error))
        finally:
            if held:
                await message_lock.release(lock)

    async def _edit_alone(self, job: Job, line: Waiting, way: Way, files: Sequence[discord.File]) -> Outcome:
        try:
            current = await self._services.in_ledger_later(self._services.ledger.jobs.get, job.id)
        except SQLAlchemyError:
            return Outcome.SKIPPED
        if current is None or current.state not in WAITING_FOR_GPU:
            return Outcome.SKIPPED
        content = status_message(job.spec.prompt, line, now=self._services.clock(), locale=job.locale)
        try:
            async with asyncio.timeout(message_lock.EDIT_TIMEOUT_S):
                await self._write(current, content, way, files=files)
        except discord.HTTPException as error:
            log.info("status edit refused", job_id=job.id, way=way, status=error.status, code=error.code)
            return Outcome.REFUSED if is_final(error) else Outcome.SKIPPED
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            log.info("status edit failed", job_id=job.id, way=way, error=repr(error))
            return Outcome.SKIPPED
        return Outcome.DONE

    async def _write(
        self,
        job: Job,
        content: str,
        way: Way,
        *,
        files: Sequence[discord.File],
        view: discord.ui.View | None = MISSING,
    ) -> None:
        if way is Way.TOKEN and job.interaction_token is not None:
            webhook = answer_of(self._client, application_id=job.application_id, token=job.interaction_token)
            await webhook.edit_message(
                ORIGINAL, content=content, attachments=files, view=view, allowed_mentions=NO_MENTIONS
            )
        elif job.reply_message_id is not None:
            message = message_of(self._client, channel_id=job.channel_id, message_id=job.reply_message_id)
            await message.edit(content=content, attachments=files, view=view, allowed_mentions=NO_MENTIONS)
