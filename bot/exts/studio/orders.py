"""Takes an order, whoever gives it: check, write down, acknowledge, queue; in this order, so that nothing is lost."""

import asyncio
import contextlib

import discord
import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.acceptance import Accepted, Arrival, Order, accept
from bot.again import Again
from bot.client import EaselClient, tell_privately, turn_down
from bot.exts.studio.intake import acknowledge, enqueue
from bot.exts.studio.permissions import missing_permissions
from bot.refusals import Refusal, RefusalCode
from bot.wording import answers
from bot.wording.catalogue import say
from tasks.ledger import Job
from tasks.publishing import BrokerUnavailable

log = structlog.get_logger()

LEDGER_PATIENCE_S = 2.0  # Discord waits 3 s for the answer


async def take_order(interaction: discord.Interaction[EaselClient], order: Order) -> None:
    """The life of an image, up to the queue."""
    locale = str(interaction.locale)
    missing = missing_permissions(interaction)
    if missing:
        await turn_down(interaction, answers.missing_permissions(missing, locale=locale))
        return
    if await _pictures_gone(interaction, order):
        await refuse(interaction, Refusal(code=RefusalCode.PICTURE_EXPIRED))
        return
    try:
        outcome = await _written_in_time(interaction, order)
    except (SQLAlchemyError, TimeoutError) as error:
        log.warning("ledger does not answer", interaction_id=interaction.id, error=repr(error))
        await turn_down(interaction, say("away.ledger", locale=locale))
        return
    if isinstance(outcome, Refusal):
        await refuse(interaction, outcome)
        return
    if await acknowledge(interaction, outcome):
        await _keep_pictures(interaction, outcome.job)
        await enqueue(interaction, outcome.job)
        told = answers.remarks(outcome.conflicts, outcome.left_out, locale=locale)
        if told:
            await tell_privately(interaction, told)


async def _pictures_gone(interaction: discord.Interaction[EaselClient], order: Order) -> bool:
    """Whether an earlier job's pictures have vanished; those that are there are kept for the new job's time, too."""
    services = interaction.client.services
    if not isinstance(order, Again) or not order.spec.inputs:
        return False
    try:
        return not await services.in_broker(services.publisher.renew_inputs, order.spec.inputs)
    except BrokerUnavailable:
        return False  # the job waits for Redis, and perhaps they are back with it


async def _keep_pictures(interaction: discord.Interaction[EaselClient], job: Job) -> None:
    """For as long as the job may wait: until now they were kept for somebody who might still change their mind."""
    services = interaction.client.services
    if not job.spec.inputs:
        return
    with contextlib.suppress(BrokerUnavailable):  # then the job waits for Redis, too
        await services.in_broker(services.publisher.renew_inputs, job.spec.inputs)


async def refuse(interaction: discord.Interaction[EaselClient], refusal: Refusal) -> None:
    """Say what is wrong with a command, and what would be right."""
    log.info("command refused", code=refusal.code, option=refusal.option, user_id=interaction.user.id)
    await turn_down(interaction, answers.refusal(refusal, locale=str(interaction.locale)))


async def _written_in_time(interaction: discord.Interaction[EaselClient], order: Order) -> Accepted | Refusal:
    """The outcome while there is still time to answer.

    Raises:
        TimeoutError: the ledger hangs. Should it come round and write the job down after all, the job is cancelled,
            because the member is told that nothing was queued.
    """
    writing = asyncio.create_task(_write_down(interaction, order))
    try:
        return await asyncio.wait_for(asyncio.shield(writing), LEDGER_PATIENCE_S)
    except TimeoutError:
        interaction.client.spawn(_undo(interaction.client, writing))
        raise


async def _undo(client: EaselClient, writing: asyncio.Task[Accepted | Refusal]) -> None:
    services = client.services
    with contextlib.suppress(SQLAlchemyError):
        outcome = await writing
        if isinstance(outcome, Accepted) and outcome.created:
            await services.in_ledger(services.ledger.jobs.cancel, outcome.job.id, now=services.clock())
            log.warning("job was written down too late and is cancelled", job_id=outcome.job.id)


async def _write_down(interaction: discord.Interaction[EaselClient], order: Order) -> Accepted | Refusal:
    services, arrival = interaction.client.services, arrival_of(interaction)
    return await services.in_ledger(
        accept, services.ledger, services.registry, arrival=arrival, order=order, now=services.clock()
    )


def arrival_of(interaction: discord.Interaction[EaselClient]) -> Arrival:
    """Who asks, from where, and how to answer."""
    channel = interaction.channel
    return Arrival(
        interaction_id=interaction.id,
        application_id=interaction.application_id,
        interaction_token=interaction.token,
        user_id=interaction.user.id,
        guild_id=interaction.guild_id,
        channel_id=interaction.channel_id or 0,
        locale=str(interaction.locale),
        attachment_limit_bytes=interaction.filesize_limit,
        parent_channel_id=channel.parent_id if isinstance(channel, discord.Thread) else None,
        role_ids=tuple(role.id for role in getattr(interaction.user, "roles", ())),
        age_restricted=_is_age_restricted(channel),
    )


def _is_age_restricted(channel: object) -> bool:
    """Direct messages are no age-restricted place; a thread is what its channel is."""
    ask = getattr(channel, "is_nsfw", None)
    return bool(ask()) if ask is not None else False
