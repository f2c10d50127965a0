"""Every button on a job's message: who may press it, and what it does. The id says everything, the ledger the rest."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Self

import discord
from sqlalchemy.exc import SQLAlchemyError

from bot.buttons import JOB_BUTTON, Action
from bot.client import EaselClient, apologize, tell_privately
from bot.exts.studio import again, cancel, delete, info, notify, remix
from bot.wording import answers
from bot.wording.catalogue import say
from tasks.ledger import Job

Press = Callable[[discord.Interaction[EaselClient], Job], Awaitable[None]]
Button = discord.ui.Button[discord.ui.View]


class Who(Enum):
    """Who may press a button; everybody else is told who may."""

    ANYBODY = auto()  # who draws again pays with their own quota
    REQUESTER = auto()
    REQUESTER_OR_MODERATOR = auto()  # a moderator may manage messages in this channel


@dataclass(frozen=True)
class Rule:
    """One button."""

    who: Who
    press: Press


RULES: dict[str, Rule] = {
    Action.CANCEL: Rule(Who.REQUESTER_OR_MODERATOR, cancel.cancel_job),
    Action.RETRY: Rule(Who.REQUESTER, again.retry),
    Action.REROLL: Rule(Who.ANYBODY, again.reroll),
    Action.REMIX: Rule(Who.ANYBODY, remix.open_modal),
    Action.INFO: Rule(Who.ANYBODY, info.show),
    Action.DELETE: Rule(Who.REQUESTER_OR_MODERATOR, delete.delete_message),
    Action.DM: Rule(Who.REQUESTER, notify.by_dm),
}


class JobButton(discord.ui.DynamicItem[Button], template=JOB_BUTTON):
    """Any button with a job in its id, of this release or of an older one."""

    def __init__(self, action: str, job_id: str) -> None:
        super().__init__(discord.ui.Button(custom_id=f"v1:{action}:{job_id}"))
        self.action = action
        self.job_id = job_id

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[discord.Client],
        item: discord.ui.Item[discord.ui.View],
        match: re.Match[str],
        /,
    ) -> Self:
        del interaction, item
        return cls(match["action"], match["job"])

    async def callback(self, interaction: discord.Interaction[EaselClient]) -> None:  # type: ignore[override]
        with interaction.client.services.in_flight.one():
            await explained(interaction, press(interaction, self.action, self.job_id))


async def explained(interaction: discord.Interaction[EaselClient], work: Awaitable[None]) -> None:
    """Await `work`; whatever goes wrong is told, because discord.py itself would only log it."""
    try:
        await work
    except SQLAlchemyError:
        await tell_privately(interaction, say("away.lookup", locale=str(interaction.locale)))
    except Exception as error:  # noqa: BLE001 - the border to people
        await apologize(interaction, error)


async def press(interaction: discord.Interaction[EaselClient], action: str, job_id: str) -> None:
    """Find the job, check who presses, and act."""
    locale = str(interaction.locale)
    rule = RULES.get(action)
    if rule is None:
        await tell_privately(interaction, say("button.unknown", locale=locale))
        return
    services = interaction.client.services
    job = await services.in_ledger(services.ledger.jobs.get, job_id)
    if job is None:
        await tell_privately(interaction, say("button.no_job", locale=locale))
    elif not allowed(interaction, job, rule.who):
        await tell_privately(interaction, answers.not_allowed(rule.who.name.lower(), job.user_id, locale=locale))
    else:
        await rule.press(interaction, job)


def allowed(interaction: discord.Interaction[EaselClient], job: Job, who: Who) -> bool:
    """Whether the one who presses may."""
    if who is Who.ANYBODY or interaction.user.id == job.user_id:
        return True
    moderates = interaction.guild_id is not None and interaction.permissions.manage_messages
    return who is Who.REQUESTER_OR_MODERATOR and moderates and interaction.guild_id == job.guild_id
