"""Larger, varied, or as a ControlNet sees it: new orders from a finished picture, for whoever asks."""

from collections.abc import Callable, Mapping
from typing import Any

import discord

from bot.client import EaselClient
from bot.derived import DEFAULT_DETAIL, FACTORS, STRONG, SUBTLE, Derived, Enlarge, ShowMaps, Vary
from bot.exts.studio.given import take_order_with
from bot.exts.studio.source import picture_of
from bot.pictures.receiving import ENLARGED_SIDE, Given, Wanted
from bot.relations import Relation
from tasks.ledger import Job
from tasks.references import MAX_INPUT_PIXELS

_IMAGE = "image"
_MOST_ENLARGED = MAX_INPUT_PIXELS // min(FACTORS) ** 2  # more could not be enlarged by any factor
# Makes the order, given the picture and what is known of the job that drew it.
_Make = Callable[[Mapping[str, Any]], Derived]


async def enlarge(
    interaction: discord.Interaction[EaselClient],
    picture: discord.Attachment,
    *,
    job: Job | None = None,
    factor: int = 2,
    detail: float = DEFAULT_DETAIL,
) -> None:
    """`factor` times as large; with the words of the `job` that drew it, where that is known."""

    def make(facts: Mapping[str, Any]) -> Enlarge:
        relation = None if job is None else Relation.UPSCALE
        return Enlarge(**facts, relation=relation, factor=factor, detail=detail)

    await _order(interaction, Wanted(picture, most_side=ENLARGED_SIDE, most_pixels=_MOST_ENLARGED), job, make)


async def double(interaction: discord.Interaction[EaselClient], job: Job, number: int) -> None:
    """The button Upscale 2×."""  # noqa: RUF002
    picture = await picture_of(interaction, job, number)
    if picture is not None:
        await enlarge(interaction, picture, job=job)


async def quadruple(interaction: discord.Interaction[EaselClient], job: Job, number: int) -> None:
    """The button Upscale 4×."""  # noqa: RUF002
    picture = await picture_of(interaction, job, number)
    if picture is not None:
        await enlarge(interaction, picture, job=job, factor=4)


async def vary_subtle(interaction: discord.Interaction[EaselClient], job: Job, number: int) -> None:
    """The same picture, a little otherwise."""
    await _from_job(
        interaction, job, number, lambda facts: Vary(**facts, relation=Relation.VARY_SUBTLE, strength=SUBTLE)
    )


async def vary_strong(interaction: discord.Interaction[EaselClient], job: Job, number: int) -> None:
    """The same idea, quite otherwise."""
    await _from_job(
        interaction, job, number, lambda facts: Vary(**facts, relation=Relation.VARY_STRONG, strength=STRONG)
    )


async def show_maps(interaction: discord.Interaction[EaselClient], job: Job, number: int) -> None:
    """What each kind of ControlNet would follow."""
    await _from_job(interaction, job, number, lambda facts: ShowMaps(**facts, relation=Relation.MAP))


async def _from_job(interaction: discord.Interaction[EaselClient], job: Job, number: int, make: _Make) -> None:
    picture = await picture_of(interaction, job, number)
    if picture is not None:
        await _order(interaction, Wanted(picture), job, make)


async def _order(interaction: discord.Interaction[EaselClient], wanted: Wanted, job: Job | None, make: _Make) -> None:
    # A picture may also be hidden by the safety checker's verdict, or by the member who posted it.
    facts: dict[str, Any] = {"spoiler": wanted.attachment.is_spoiler()}
    if job is not None:
        facts["spoiler"] |= job.spoiler
        facts |= {"spec": job.spec, "parent_id": job.id, "private": job.private}

    def complete(given: Mapping[str, Given]) -> Derived:
        return make({**facts, "image": given[_IMAGE].ref})

    await take_order_with(interaction, {_IMAGE: wanted}, complete, private=facts.get("private"))
