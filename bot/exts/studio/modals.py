"""Windows that come back: dispatched by their id, because the process that opened one may be gone."""

from typing import Any

import discord

from bot.client import EaselClient
from bot.exts.studio import remix
from bot.exts.studio.press import explained


async def on_interaction(interaction: discord.Interaction[EaselClient]) -> None:
    """Heard for every interaction; only windows of ours are taken."""
    if interaction.type is not discord.InteractionType.modal_submit:
        return
    data: Any = interaction.data or {}
    job_id = remix.job_of_modal(str(data.get("custom_id", "")))
    if job_id is None:
        return
    with interaction.client.services.in_flight.one():
        await explained(interaction, remix.submitted(interaction, job_id, fields_of(data.get("components", []))))


def fields_of(components: list[dict[str, Any]]) -> dict[str, str]:
    """Custom id → text of every input, in rows or labels."""
    found: dict[str, str] = {}
    for component in components:
        inner = [*component.get("components", []), *filter(None, [component.get("component")])]
        found |= fields_of(inner)
        if "custom_id" in component and "value" in component:
            found[component["custom_id"]] = str(component["value"] or "")
    return found
