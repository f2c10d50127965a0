"""`/models remove`, `/loras remove`, and the button that takes either back. Nothing is kept in memory."""

import discord
import structlog

from bot.client import EaselClient, tell_privately
from bot.discord_api import NO_MENTIONS
from bot.exts.admin.audit import entry as audit_entry
from bot.exts.shelf.rights import may_publish
from bot.pressed import Pressed
from bot.publishing.findings import Kind
from bot.wording.catalogue import DEFAULT_LOCALE, say
from bot.wording.escaping import harmless
from tasks.ledger import Ledger
from tasks.publishing import BrokerUnavailable

log = structlog.get_logger()

REMOVE, RESTORE = "remove", "restore"


class ShelfButton(
    Pressed, template=r"v1:shelf:(?P<action>remove|restore):(?P<kind>model|lora):(?P<id>[a-z0-9._-]{1,63})"
):
    """Undo: of an adding it removes, of a removal it brings back."""

    async def act(self, interaction: discord.Interaction[EaselClient]) -> None:
        if not await may_publish(interaction):
            return
        said, view = await _change(interaction, self.said["action"], Kind(self.said["kind"]), self.said["id"])
        await interaction.response.edit_message(content=said, view=view, allowed_mentions=NO_MENTIONS)


async def remove(interaction: discord.Interaction[EaselClient], kind: Kind, identifier: str) -> None:
    """Take it out of every list; what is queued with it is still drawn."""
    if not await may_publish(interaction):
        return
    locale = str(interaction.locale)
    files = interaction.client.shelf.files
    if identifier in (files.checkpoints if kind is Kind.MODEL else files.loras):
        folder = "models" if kind is Kind.MODEL else "loras"
        await tell_privately(
            interaction, say("shelf.is_file", locale=locale, file=f"config/{folder}/{identifier}.toml")
        )
        return
    said, view = await _change(interaction, REMOVE, kind, identifier)
    await interaction.response.send_message(
        said, ephemeral=True, allowed_mentions=NO_MENTIONS, view=view or discord.utils.MISSING
    )


def undo_view(action: str, kind: Kind, identifier: str, *, locale: str = DEFAULT_LOCALE) -> discord.ui.View:
    """One button that does `action`."""
    view = discord.ui.View(timeout=None)
    view.add_item(
        discord.ui.Button(label=say("button.undo", locale=locale), custom_id=f"v1:shelf:{action}:{kind}:{identifier}")
    )
    view.stop()
    return view


async def _change(
    interaction: discord.Interaction[EaselClient], action: str, kind: Kind, identifier: str
) -> tuple[str, discord.ui.View | None]:
    """What is to be said, and the button that takes it back."""
    services, locale = interaction.client.services, str(interaction.locale)
    published, shown = services.ledger.published, harmless(identifier, most=63)
    if action == RESTORE and await services.in_ledger(_file_is_gone, services.ledger, kind, identifier):
        return say("shelf.file_gone", locale=locale, name=shown), None
    if action == REMOVE:
        done = await services.in_ledger(published.remove, str(kind), identifier, now=services.clock())
    else:
        done = await services.in_ledger(published.restore, str(kind), identifier)
    if not done:
        return say(f"shelf.not_{action}d", locale=locale, name=shown), None
    note = audit_entry(interaction, f"{kind} {action}d", detail=identifier)
    await services.in_ledger(services.ledger.house.note, note)
    try:
        await interaction.client.shelf.refresh()
    except BrokerUnavailable:
        log.warning("workers are not told yet: redis does not answer")
    back = RESTORE if action == REMOVE else REMOVE
    return say(f"shelf.{action}d", locale=locale, name=shown), undo_view(back, kind, identifier, locale=locale)


def _file_is_gone(ledger: Ledger, kind: Kind, identifier: str) -> bool:
    """An uploaded file is kept for a while after its removal, and then no more."""
    row = ledger.published.get(str(kind), identifier)
    scheme, _, sha256 = str(row.entry_json.get("source") if row else "").partition(":")
    return scheme == "upload" and ledger.uploads.size(sha256) is None
