"""`/imagine`: check, write down, acknowledge, queue; in this order, so that nothing is lost or promised in vain."""

import asyncio
import contextlib

import discord
import structlog
from discord import app_commands
from sqlalchemy.exc import SQLAlchemyError

from bot import model_index
from bot.acceptance import Arrival, accept
from bot.aspects import ASPECTS
from bot.client import EaselClient, tell_privately
from bot.exts.studio.intake import acknowledge, enqueue
from bot.exts.studio.permissions import missing_permissions
from bot.submission import Options, Refusal
from bot.wording import answers
from bot.wording.catalogue import say
from tasks.ledger import Receipt
from tasks.schema import MAX_IMAGES, MAX_NEGATIVE_CHARACTERS, MAX_PROMPT_CHARACTERS, MAX_SEED

log = structlog.get_logger()

MAX_STEPS = 60
MAX_CFG = 30.0
_NAME_LIMIT = 100
_LEDGER_PATIENCE_S = 2.0  # Discord waits 3 s for the answer


@app_commands.command(name="imagine", description="Draw pictures from a description")
@app_commands.describe(
    prompt="What to draw",
    negative="What to keep out of the picture",
    model="Which model draws; type to search",
    aspect="Shape of the picture",
    images="How many pictures, 1 to 4",
    seed="The same seed and options give the same picture",
    steps="Denoising steps; more is slower and finer",
    cfg="How closely to follow the prompt",
)
@app_commands.choices(aspect=[app_commands.Choice(name=aspect, value=aspect) for aspect in ASPECTS])
@app_commands.allowed_contexts(guilds=True, dms=True, private_channels=False)
@app_commands.allowed_installs(guilds=True, users=False)
async def imagine(  # noqa: PLR0917 - discord.py passes the options by name
    interaction: discord.Interaction[EaselClient],
    prompt: app_commands.Range[str, 1, MAX_PROMPT_CHARACTERS],
    negative: app_commands.Range[str, 0, MAX_NEGATIVE_CHARACTERS] | None = None,
    model: str | None = None,
    aspect: str | None = None,
    images: app_commands.Range[int, 1, MAX_IMAGES] | None = None,
    seed: app_commands.Range[int, 0, MAX_SEED] | None = None,
    steps: app_commands.Range[int, 1, MAX_STEPS] | None = None,
    cfg: app_commands.Range[float, 0.0, MAX_CFG] | None = None,
) -> None:
    options = Options(
        prompt=prompt,
        negative=negative,
        model=model,
        aspect=aspect,
        images=images,
        seed=seed,
        steps=steps,
        cfg=cfg,
    )
    with interaction.client.services.in_flight.one():
        await take_order(interaction, options)


@imagine.autocomplete("model")
async def suggest_models(interaction: discord.Interaction[EaselClient], typed: str) -> list[app_commands.Choice[str]]:
    """From memory: no request, no thread."""
    checkpoints = interaction.client.services.registry.checkpoints
    return [
        app_commands.Choice(name=checkpoint.name[:_NAME_LIMIT], value=checkpoint.id)
        for checkpoint in model_index.suggestions(checkpoints, typed)
    ]


async def take_order(interaction: discord.Interaction[EaselClient], options: Options) -> None:
    """The life of an image, up to the queue."""
    locale = str(interaction.locale)
    missing = missing_permissions(interaction)
    if missing:
        await tell_privately(interaction, answers.missing_permissions(missing, locale=locale))
        return
    try:
        outcome = await _written_in_time(interaction, options)
    except (SQLAlchemyError, TimeoutError) as error:
        log.warning("ledger does not answer", interaction_id=interaction.id, error=repr(error))
        await tell_privately(interaction, say("away.ledger", locale=locale))
        return
    if isinstance(outcome, Refusal):
        log.info("command refused", code=outcome.code, option=outcome.option, user_id=interaction.user.id)
        await tell_privately(interaction, answers.refusal(outcome, locale=locale))
        return
    if await acknowledge(interaction, outcome):
        await enqueue(interaction, outcome.job)


async def _written_in_time(interaction: discord.Interaction[EaselClient], options: Options) -> Receipt | Refusal:
    """The outcome while there is still time to answer.

    Raises:
        TimeoutError: the ledger hangs. Should it come round and write the job down after all, the job is cancelled,
            because the member is told that nothing was queued.
    """
    writing = asyncio.create_task(_write_down(interaction, options))
    try:
        return await asyncio.wait_for(asyncio.shield(writing), _LEDGER_PATIENCE_S)
    except TimeoutError:
        interaction.client.spawn(_undo(interaction.client, writing))
        raise


async def _undo(client: EaselClient, writing: asyncio.Task[Receipt | Refusal]) -> None:
    services = client.services
    with contextlib.suppress(SQLAlchemyError):
        outcome = await writing
        if isinstance(outcome, Receipt) and outcome.created:
            await services.in_ledger(services.ledger.jobs.cancel, outcome.job.id, now=services.clock())
            log.warning("job was written down too late and is cancelled", job_id=outcome.job.id)


async def _write_down(interaction: discord.Interaction[EaselClient], options: Options) -> Receipt | Refusal:
    services = interaction.client.services
    arrival = Arrival(
        interaction_id=interaction.id,
        application_id=interaction.application_id,
        interaction_token=interaction.token,
        user_id=interaction.user.id,
        guild_id=interaction.guild_id,
        channel_id=interaction.channel_id or 0,
        locale=str(interaction.locale),
        attachment_limit_bytes=interaction.filesize_limit,
    )
    return await services.in_ledger(
        accept, services.ledger, services.registry, arrival=arrival, options=options, now=services.clock()
    )
