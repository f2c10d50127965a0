"""Windows that come back: dispatched by their id, because the process that opened one may be gone."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

import discord

from bot.client import EaselClient, explained
from bot.exts.studio import reference, remix, style_window
from tasks.schema import InputRef

Fields = dict[str, str]
_Submit = Callable[[discord.Interaction[EaselClient], re.Match[str], Fields], Awaitable[None]]


def _picture(match: re.Match[str]) -> InputRef:
    return InputRef(sha256=match["sha256"], width=int(match["width"]), height=int(match["height"]))


WINDOWS: dict[str, _Submit] = {
    remix.WINDOW: lambda asked, match, fields: remix.submitted(asked, match["job"], fields),
    style_window.STYLE_WINDOW: lambda asked, match, fields: style_window.submitted(asked, match["job"], fields),
    reference.OF_JOB: lambda asked, match, fields: reference.submitted_of_job(asked, match["job"], fields),
    reference.OF_PICTURE: lambda asked, match, fields: reference.submitted_of_picture(
        asked, _picture(match), fields, hidden=match["hidden"] is not None
    ),
}


async def on_interaction(interaction: discord.Interaction[EaselClient]) -> None:
    """Heard for every interaction; only windows of ours are taken."""
    if interaction.type is not discord.InteractionType.modal_submit:
        return
    data: Any = interaction.data or {}
    for pattern, submit in WINDOWS.items():
        match = re.fullmatch(pattern, str(data.get("custom_id", "")))
        if match is not None:
            with interaction.client.services.in_flight.one():
                await explained(interaction, submit(interaction, match, fields_of(data.get("components", []))))
            return


def fields_of(components: list[dict[str, Any]]) -> Fields:
    """Custom id → text of every input, or the first choice of a list, in rows or labels."""
    found: Fields = {}
    for component in components:
        inner = [*component.get("components", []), *filter(None, [component.get("component")])]
        found |= fields_of(inner)
        if "custom_id" in component and "value" in component:
            found[component["custom_id"]] = str(component["value"] or "")
        if "custom_id" in component and component.get("values"):
            found[component["custom_id"]] = str(component["values"][0])
    return found
