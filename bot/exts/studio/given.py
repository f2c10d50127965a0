"""Orders that begin with pictures: they are fetched first, while Discord shows that something happens."""

import asyncio
from collections.abc import Callable, Mapping

import discord
import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.acceptance import Admission, Order, admit
from bot.client import EaselClient, turn_down
from bot.exts.studio.orders import LEDGER_PATIENCE_S, arrival_of, refuse, take_order
from bot.exts.studio.permissions import missing_permissions
from bot.pictures.receiving import Given, Wanted, receive
from bot.refusals import Refused
from bot.wording import answers
from bot.wording.catalogue import say

log = structlog.get_logger()

# The order, once its pictures are there. Raises `Refused` where they do not fit together.
Complete = Callable[[Mapping[str, Given]], Order]

_AT_ONCE_S = 0.8  # what takes longer is announced, so that the answer stays within a second


async def take_order_with(
    interaction: discord.Interaction[EaselClient],
    wanted: Mapping[str, Wanted],
    complete: Complete,
    *,
    private: bool | None = None,
) -> None:
    """Fetch the pictures, then the life of an image; an order without pictures takes the straight way.

    Args:
        interaction: the command, the press or the window.
        wanted: files by the option that they were given for.
        complete: makes the order of them.
        private: whether only the member may see that something happens; None leaves it to their own default.
    """
    try:
        given = await _received(interaction, wanted, private=private) if wanted else {}
        order = None if given is None else complete(given)
    except Refused as refused:
        await refuse(interaction, refused.refusal)
        return
    if order is not None:
        await take_order(interaction, order)


async def _received(
    interaction: discord.Interaction[EaselClient], wanted: Mapping[str, Wanted], *, private: bool | None
) -> Mapping[str, Given] | None:
    """The pictures; None where the member was told that nothing can be drawn here, and nothing is fetched."""
    admission = await _admission(interaction)
    if admission is None:
        return None
    if admission.refusal is not None:
        raise Refused.again(admission.refusal)
    receiving = asyncio.create_task(receive(interaction.client.services, wanted))
    await asyncio.wait({receiving}, timeout=_AT_ONCE_S)
    if not receiving.done():
        ephemeral = admission.private if private is None else private
        try:
            await interaction.response.defer(thinking=True, ephemeral=ephemeral)
        except BaseException:
            receiving.cancel()  # Discord does not take the answer: nobody waits for the pictures
            raise
    return await receiving


async def _admission(interaction: discord.Interaction[EaselClient]) -> Admission | None:
    services, locale = interaction.client.services, str(interaction.locale)
    missing = missing_permissions(interaction)
    if missing:
        await turn_down(interaction, answers.missing_permissions(missing, locale=locale))
        return None
    try:
        arrival, now = arrival_of(interaction), services.clock()
        asking = services.in_ledger(admit, services.ledger, services.registry, arrival=arrival, now=now)
        return await asyncio.wait_for(asking, LEDGER_PATIENCE_S)
    except (SQLAlchemyError, TimeoutError) as error:
        log.warning("ledger does not answer", interaction_id=interaction.id, error=repr(error))
        await turn_down(interaction, say("away.ledger", locale=locale))
        return None
