"""The option `job`: suggestions from one's own newest jobs, and what a picked or typed text means."""

from collections.abc import Callable, Collection

import discord
from discord import app_commands
from sqlalchemy.exc import SQLAlchemyError

from bot.client import EaselClient, tell_privately
from bot.wording.catalogue import say
from bot.wording.escaping import harmless
from bot.wording.jobs import choice_name
from tasks.ledger import Job
from tasks.lifecycle import CANCELLABLE, ENDED, JobState

_SUGGESTED = 25
_SEARCHED = 100
_ID_CHARACTERS = 26

ANY = frozenset(JobState)
WITHOUT_PICTURES = ENDED - {JobState.POSTED}


async def own_jobs(interaction: discord.Interaction[EaselClient], typed: str) -> list[app_commands.Choice[str]]:
    """One's own newest 25 jobs, or the newest whose prompt contains what was typed."""
    return await _suggested(interaction, typed, ANY)


async def own_waiting_jobs(interaction: discord.Interaction[EaselClient], typed: str) -> list[app_commands.Choice[str]]:
    """The same of those that can be cancelled."""
    return await _suggested(interaction, typed, CANCELLABLE)


async def own_failed_jobs(interaction: discord.Interaction[EaselClient], typed: str) -> list[app_commands.Choice[str]]:
    """The same of those that can be retried."""
    return await _suggested(interaction, typed, WITHOUT_PICTURES)


async def own_posted_jobs(interaction: discord.Interaction[EaselClient], typed: str) -> list[app_commands.Choice[str]]:
    """The same of those whose pictures are there."""
    return await _suggested(interaction, typed, {JobState.POSTED})


async def chosen(interaction: discord.Interaction[EaselClient], given: str) -> Job | None:
    """One's own job with this id; None once the member was told that there is none."""
    services = interaction.client.services
    job = None
    if len(given) == _ID_CHARACTERS:
        job = await services.in_ledger(services.ledger.jobs.get, given)
    if job is not None and job.user_id == interaction.user.id:
        return job
    sentence = say("jobs.unknown", locale=str(interaction.locale), given=harmless(given, most=60))
    await tell_privately(interaction, sentence)
    return None


async def _suggested(
    interaction: discord.Interaction[EaselClient], typed: str, states: Collection[JobState]
) -> list[app_commands.Choice[str]]:
    services = interaction.client.services
    try:
        newest = await services.in_ledger(services.ledger.history.of_user, interaction.user.id, limit=_SEARCHED)
    except SQLAlchemyError:
        return []
    matching = filter(_matches(typed, states), newest)
    locale = str(interaction.locale)
    choices = [app_commands.Choice(name=choice_name(job, locale=locale), value=job.id) for job in matching]
    return choices[:_SUGGESTED]


def _matches(typed: str, states: Collection[JobState]) -> Callable[[Job], bool]:
    wanted = typed.strip().casefold()
    return lambda job: job.state in states and wanted in str(job.spec_json["prompt"]).casefold()
