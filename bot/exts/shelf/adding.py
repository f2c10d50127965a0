"""`/models add` and `/loras add`: a link or a file becomes an entry that everybody can draw with."""

import asyncio
from dataclasses import dataclass

import discord
import structlog

from bot.client import EaselClient
from bot.discord_api import NO_MENTIONS
from bot.exts.admin.audit import entry as audit_entry
from bot.exts.shelf.rights import may_publish
from bot.exts.shelf.undo import REMOVE, undo_view
from bot.publishing.attachments import Attached
from bot.publishing.desk import Publication
from bot.publishing.entries import Wishes
from bot.publishing.findings import Finding, Kind, Reason, UnpublishableError
from bot.services import Services
from bot.wording.shelf import added_message, unpublishable
from config.registry import Checkpoint, Lora
from tasks.publishing import BrokerUnavailable

log = structlog.get_logger()


@dataclass(frozen=True)
class Offer:
    """What somebody wants to publish: exactly one of the two."""

    kind: Kind
    link: str | None
    file: discord.Attachment | None


async def add(interaction: discord.Interaction[EaselClient], offer: Offer, wishes: Wishes) -> None:
    """Look, check, publish, and say what it became."""
    if not await may_publish(interaction):
        return
    await interaction.response.defer(ephemeral=True, thinking=True)
    locale = str(interaction.locale)
    try:
        published = await _published(interaction, offer, wishes)
    except UnpublishableError as error:
        log.info("not published", reason=error.reason, user_id=interaction.user.id)
        said = unpublishable(error, offer.kind, locale=locale)
        await interaction.edit_original_response(content=said, allowed_mentions=NO_MENTIONS)
        return
    await _take_up(interaction.client)
    await interaction.edit_original_response(
        content=added_message(published, locale=locale),
        view=undo_view(REMOVE, offer.kind, published.id, locale=locale),
        allowed_mentions=NO_MENTIONS,
    )


async def _published(interaction: discord.Interaction[EaselClient], offer: Offer, wishes: Wishes) -> Checkpoint | Lora:
    services = interaction.client.services
    publication = Publication(
        kind=offer.kind,
        finding=await _found(services, offer, wishes),
        wishes=wishes,
        user_id=interaction.user.id,
        guild_id=interaction.guild_id or 0,
    )
    published = await services.in_ledger(
        services.desk.publish,
        publication,
        ledger=services.ledger,
        registry=services.registry,
        now=services.clock(),
    )
    note = audit_entry(interaction, f"{offer.kind} added", detail=f"{published.id} {published.source}")
    await services.in_ledger(services.ledger.house.note, note)
    return published


async def _found(services: Services, offer: Offer, wishes: Wishes) -> Finding:
    """What it is; the bytes of a file are in the ledger then. Neither the event loop nor the ledger's thread waits."""
    if offer.link is not None and offer.file is None:
        return await asyncio.to_thread(services.desk.look, offer.link, offer.kind)
    if offer.file is None or offer.link is not None:
        raise UnpublishableError(Reason.CHOOSE_ONE)
    attached = Attached(offer.file.filename, offer.file.url, offer.file.size)
    async with services.uploads_at_once:
        return await asyncio.to_thread(
            services.desk.keep, attached, offer.kind, wishes, ledger=services.ledger, registry=services.registry
        )


async def _take_up(client: EaselClient) -> None:
    """At once instead of within seconds; without Redis the workers are told when it is back."""
    try:
        await client.shelf.refresh()
    except BrokerUnavailable:
        log.warning("workers are not told yet: redis does not answer")
