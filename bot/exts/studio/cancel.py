"""The Cancel button. Its id says everything, so it works after restarts and on messages of older releases."""

import asyncio
import re
from typing import Self

import discord
import structlog
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from bot import message_lock
from bot.client import EaselClient, apologize, tell_privately
from bot.discord_api import NO_MENTIONS
from bot.wording import answers
from bot.wording.catalogue import DEFAULT_LOCALE, say
from tasks.ledger import Job
from tasks.publishing import BrokerUnavailable

log = structlog.get_logger()

_LOCK_WAIT_S = 1.0

Button = discord.ui.Button[discord.ui.View]


class CancelButton(discord.ui.DynamicItem[Button], template=r"v1:cancel:(?P<job>[0-9A-Za-z]{26})"):
    """Ends a job that waits or is drawn: for its requester, or for members who may manage messages."""

    def __init__(self, job_id: str, *, locale: str = DEFAULT_LOCALE) -> None:
        label = say("button.cancel", locale=locale)
        super().__init__(
            discord.ui.Button(label=label, style=discord.ButtonStyle.secondary, custom_id=f"v1:cancel:{job_id}")
        )
        self.job_id = job_id

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[discord.Client],
        item: discord.ui.Item[discord.ui.View],
        match: re.Match[str],
        /,
    ) -> Self:
        del interaction, item
        return cls(match["job"])

    async def callback(self, interaction: discord.Interaction[EaselClient]) -> None:  # type: ignore[override]
        with interaction.client.services.in_flight.one():
            try:
                await cancel_job(interaction, self.job_id)
            except SQLAlchemyError as error:
                await apologize(interaction, error)


def waiting_view(job_id: str, locale: str) -> discord.ui.View:
    """What hangs below a status message."""
    view = discord.ui.View(timeout=None)
    view.add_item(CancelButton(job_id, locale=locale))
    return view


async def cancel_job(interaction: discord.Interaction[EaselClient], job_id: str) -> None:
    """Cancel, tell the worker, and say who did it; or say why not."""
    services = interaction.client.services
    locale = str(interaction.locale)
    job = await services.in_ledger(services.ledger.jobs.get, job_id)
    if job is None:
        await tell_privately(interaction, say("cancel.unknown", locale=locale))
        return
    if not may_cancel(interaction, job):
        await tell_privately(interaction, answers.not_yours(job.user_id, locale=locale))
        return
    cancelled = await services.in_ledger(services.ledger.jobs.cancel, job_id, now=services.clock())
    if cancelled is None:
        now_is = await services.in_ledger(services.ledger.jobs.get, job_id)
        await tell_privately(interaction, answers.too_late((now_is or job).state, locale=locale))
        return
    log.info("job cancelled", job_id=job_id, by_user_id=interaction.user.id, was=job.state)
    # Side by side: a broker that hangs must not cost the 3 s, nor a refused answer the news to the worker.
    results = await asyncio.gather(
        _stop_worker(interaction.client, job_id), _show_cancelled(interaction, cancelled), return_exceptions=True
    )
    for failure in results:
        if isinstance(failure, BaseException):
            log.warning("cancel was not told", job_id=job_id, error=repr(failure))


def may_cancel(interaction: discord.Interaction[EaselClient], job: Job) -> bool:
    """The requester, and members with Manage Messages in the channel."""
    if interaction.user.id == job.user_id:
        return True
    return interaction.guild_id is not None and interaction.permissions.manage_messages


async def _show_cancelled(interaction: discord.Interaction[EaselClient], job: Job) -> None:
    """Under the lock, so that a progress edit that is on its way does not come last."""
    content = answers.cancelled(interaction.user.id, prompt=job.spec.prompt, locale=job.locale)
    lock = message_lock.for_progress(interaction.client.services.redis, job.id, wait_s=_LOCK_WAIT_S)
    try:
        held = await lock.acquire()
    except RedisError:
        held = False
    try:
        await interaction.response.edit_message(content=content, view=None, allowed_mentions=NO_MENTIONS)
    finally:
        if held:
            await message_lock.release(lock)


async def _stop_worker(client: EaselClient, job_id: str) -> None:
    publisher = client.services.publisher
    try:
        await client.services.in_broker(publisher.cancel, job_id)
        await client.services.in_broker(publisher.withdraw, job_id)
    except BrokerUnavailable as error:
        # The ledger has ended the job: whatever a worker still hands over is dropped.
        log.warning("worker was not told of the cancel", job_id=job_id, error=str(error))
