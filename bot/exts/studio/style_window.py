"""Save as style: a window that asks for a name, and then keeps how the pictures were drawn."""

import discord

from bot.client import EaselClient, tell_privately
from bot.exts.people import style_keeping
from bot.wording.catalogue import say
from tasks.ledger import Job

STYLE_WINDOW = r"v1:style:(?P<job>[0-9A-Za-z]{26})"
_NAME_CHARACTERS = 32


async def open_window(interaction: discord.Interaction[EaselClient], job: Job) -> None:
    """Ask for the name."""
    locale = str(interaction.locale)
    window = discord.ui.Modal(title=say("style.window", locale=locale), custom_id=f"v1:style:{job.id}")
    name: discord.ui.TextInput[discord.ui.Modal] = discord.ui.TextInput(
        label=say("style.window.name", locale=locale), custom_id="name", max_length=_NAME_CHARACTERS
    )
    window.add_item(name)
    window.stop()  # answered by its id, not by this object
    await interaction.response.send_modal(window)


async def submitted(interaction: discord.Interaction[EaselClient], job_id: str, fields: dict[str, str]) -> None:
    """Keep it, and say so."""
    services = interaction.client.services
    job = await services.in_ledger(services.ledger.jobs.get, job_id)
    if job is None:
        await tell_privately(interaction, say("button.no_job", locale=str(interaction.locale)))
        return
    content = style_keeping.content_of(None, None, job)
    await tell_privately(interaction, await style_keeping.keep(interaction, fields.get("name", ""), content))
