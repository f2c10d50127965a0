"""Pages of one's own jobs. The id of a button carries the page; whose jobs they are says who presses."""

import discord

from bot.client import EaselClient, tell_privately
from bot.discord_api import NO_MENTIONS
from bot.pressed import Pressed
from bot.wording.catalogue import say
from bot.wording.jobs import PER_PAGE, jobs_message, pages


class PageButton(Pressed, template=r"v1:jobs:(?P<page>\d{1,6})"):
    """Shows another page in place of this one."""

    async def act(self, interaction: discord.Interaction[EaselClient]) -> None:
        total = await _total(interaction)
        content, view = await _page(interaction, max(1, min(int(self.said["page"]), pages(total))), total)
        await interaction.response.edit_message(content=content, view=view, allowed_mentions=NO_MENTIONS)


async def show_page(interaction: discord.Interaction[EaselClient], page: int) -> None:
    """The answer of `/jobs list`."""
    total = await _total(interaction)
    if page > pages(total):
        sentence = say("jobs.no_such_page", locale=str(interaction.locale), page=page, pages=pages(total))
        await tell_privately(interaction, sentence)
        return
    content, view = await _page(interaction, page, total)
    await interaction.response.send_message(content, view=view, ephemeral=True, allowed_mentions=NO_MENTIONS)


async def _total(interaction: discord.Interaction[EaselClient]) -> int:
    services = interaction.client.services
    return await services.in_ledger(services.ledger.history.count, interaction.user.id)


async def _page(interaction: discord.Interaction[EaselClient], page: int, total: int) -> tuple[str, discord.ui.View]:
    services, locale = interaction.client.services, str(interaction.locale)
    jobs = await services.in_ledger(
        services.ledger.history.of_user, interaction.user.id, limit=PER_PAGE, offset=(page - 1) * PER_PAGE
    )
    return jobs_message(jobs, page=page, total=total, locale=locale), _turning(page, pages(total), locale)


def _turning(page: int, last: int, locale: str) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    if last > 1:
        for label, target in (("newer", page - 1), ("older", page + 1)):
            view.add_item(
                discord.ui.Button(
                    label=say(f"button.{label}", locale=locale),
                    custom_id=f"v1:jobs:{target}",
                    disabled=not 1 <= target <= last,
                )
            )
    view.stop()
    return view
