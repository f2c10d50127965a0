"""`/jobs list|show|cancel|retry`: one's own jobs, for one's own eyes."""

from collections.abc import Sequence

import discord
from discord import app_commands

from bot.buttons import ON_RESULT, WHILE_WAITING, Action, job_view, on_failure
from bot.client import EaselClient, tell_privately
from bot.discord_api import NO_MENTIONS
from bot.exts.jobs import choosing
from bot.exts.jobs.listing import show_page
from bot.exts.studio import again, cancel
from bot.wording import answers
from bot.wording.catalogue import count, say
from bot.wording.jobs import info_message
from tasks.ledger import Job
from tasks.lifecycle import CANCELLABLE, JobState

_LAST_PAGE = 100_000


@app_commands.allowed_contexts(guilds=True, dms=True, private_channels=False)
@app_commands.allowed_installs(guilds=True, users=False)
class JobsGroup(app_commands.Group):
    """What one has asked for."""

    def __init__(self) -> None:
        super().__init__(name="jobs", description="What you have asked for")

    @app_commands.command(name="list", description="Your jobs, newest first")
    @app_commands.describe(page="Which page; the first is the newest")
    async def list(
        self,
        interaction: discord.Interaction[EaselClient],
        page: app_commands.Range[int, 1, _LAST_PAGE] = 1,
    ) -> None:
        await show_page(interaction, page)

    @app_commands.command(name="show", description="One job: state, options, seeds, and a link to its pictures")
    @app_commands.describe(job="Which one; type to search your prompts")
    @app_commands.autocomplete(job=choosing.own_jobs)
    async def show(self, interaction: discord.Interaction[EaselClient], job: str) -> None:
        found = await choosing.chosen(interaction, job)
        if found is None:
            return
        services, locale = interaction.client.services, str(interaction.locale)
        parent = None
        if found.parent_id is not None:
            parent = await services.in_ledger(services.ledger.jobs.get, found.parent_id)
        await interaction.response.send_message(
            info_message(found, parent, locale=locale),
            view=job_view(_actions(found), found.id, locale=locale),
            ephemeral=True,
            allowed_mentions=NO_MENTIONS,
        )

    @app_commands.command(name="cancel", description="Stop a job that waits or is being drawn, or all of yours")
    @app_commands.describe(job="Which one; type to search your prompts", all="Every job of yours that has not ended")
    @app_commands.autocomplete(job=choosing.own_waiting_jobs)
    async def cancel(
        self,
        interaction: discord.Interaction[EaselClient],
        job: str | None = None,
        all: bool = False,  # noqa: A002 - it is the option's name
    ) -> None:
        locale = str(interaction.locale)
        if bool(job) == all:
            await tell_privately(interaction, say("jobs.one_or_all" if all else "jobs.say_which", locale=locale))
        elif job:
            await _cancel_one(interaction, job)
        else:
            await _cancel_all(interaction)

    @app_commands.command(name="retry", description="Send a job again that failed, was cancelled or given up")
    @app_commands.describe(job="Which one; type to search your prompts")
    @app_commands.autocomplete(job=choosing.own_failed_jobs)
    async def retry(self, interaction: discord.Interaction[EaselClient], job: str) -> None:
        with interaction.client.services.in_flight.one():
            found = await choosing.chosen(interaction, job)
            if found is not None:
                await again.retry(interaction, found)


async def _cancel_one(interaction: discord.Interaction[EaselClient], given: str) -> None:
    services, locale = interaction.client.services, str(interaction.locale)
    found = await choosing.chosen(interaction, given)
    if found is None:
        return
    cancelled = await services.in_ledger(services.ledger.jobs.cancel, found.id, now=services.clock())
    if cancelled is None:
        now_is = await services.in_ledger(services.ledger.jobs.get, found.id)
        await tell_privately(interaction, answers.too_late((now_is or found).state, locale=locale))
        return
    await _tell_cancelled(interaction, [cancelled])


async def _cancel_all(interaction: discord.Interaction[EaselClient]) -> None:
    services = interaction.client.services
    cancelled = await services.in_ledger(services.ledger.history.cancel_all, interaction.user.id, now=services.clock())
    await _tell_cancelled(interaction, cancelled)


async def _tell_cancelled(interaction: discord.Interaction[EaselClient], cancelled: Sequence[Job]) -> None:
    locale = str(interaction.locale)
    if not cancelled:
        await tell_privately(interaction, say("jobs.cancelled.none", locale=locale))
        return
    await tell_privately(interaction, count("jobs.cancelled", len(cancelled), locale=locale))
    with interaction.client.services.in_flight.one():
        await cancel.aftermath(interaction, cancelled)


def _actions(job: Job) -> tuple[Action, ...]:
    """The buttons that make sense below a job in this state."""
    if job.state in CANCELLABLE:
        return WHILE_WAITING
    if job.state is JobState.POSTED:
        return tuple(action for action in ON_RESULT if action is not Action.DELETE)
    return on_failure(job.failure.code if job.failure is not None else None)
