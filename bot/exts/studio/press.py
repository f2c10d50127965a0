"""Every button on a job's message: who may press it, and what it does. The id says everything, the ledger the rest."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import discord

from bot.buttons import JOB_BUTTON, MORE_LIST, MORE_VALUE, Action
from bot.client import EaselClient, tell_privately
from bot.exts.studio import again, cancel, delete, deriving, info, notify, originals, remix, style_window
from bot.exts.studio.who import Who, allowed
from bot.pressed import Pressed
from bot.wording import answers
from bot.wording.catalogue import say
from tasks.ledger import Job

# What a press does, for which job, and for which of its pictures, counted from 1.
Press = Callable[[discord.Interaction[EaselClient], Job, int], Awaitable[None]]


def _whole(act: Callable[[discord.Interaction[EaselClient], Job], Awaitable[None]]) -> Press:
    """For what concerns the job and not one of its pictures."""

    async def press(interaction: discord.Interaction[EaselClient], job: Job, number: int) -> None:
        del number
        await act(interaction, job)

    return press


@dataclass(frozen=True)
class Rule:
    """One button."""

    who: Who
    press: Press


RULES: dict[str, Rule] = {
    Action.CANCEL: Rule(Who.REQUESTER_OR_MODERATOR, _whole(cancel.cancel_job)),
    Action.RETRY: Rule(Who.REQUESTER, _whole(again.retry)),
    Action.REROLL: Rule(Who.ANYBODY, _whole(again.reroll)),
    Action.REMIX: Rule(Who.ANYBODY, _whole(remix.open_modal)),
    Action.INFO: Rule(Who.ANYBODY, _whole(info.show)),
    Action.DELETE: Rule(Who.REQUESTER_OR_MODERATOR, _whole(delete.delete_message)),
    Action.DM: Rule(Who.REQUESTER, _whole(notify.by_dm)),
    Action.UPSCALE: Rule(Who.ANYBODY, deriving.double),
    Action.FOURFOLD: Rule(Who.ANYBODY, deriving.quadruple),
    Action.VARY: Rule(Who.ANYBODY, deriving.vary_subtle),
    Action.STRONG: Rule(Who.ANYBODY, deriving.vary_strong),
    Action.MAPS: Rule(Who.ANYBODY, deriving.show_maps),
    Action.ORIGINALS: Rule(Who.ANYBODY, _whole(originals.send)),
    Action.STYLE: Rule(Who.ANYBODY, _whole(style_window.open_window)),
}


class JobButton(Pressed, template=JOB_BUTTON):
    """Any button with a job in its id, of this release or of an older one."""

    async def act(self, interaction: discord.Interaction[EaselClient]) -> None:
        await press(interaction, self.said["action"], self.said["job"], int(self.said["number"] or 1))


class MoreList(Pressed, template=MORE_LIST):
    """The list below pictures; each line is what a button would be."""

    @staticmethod
    def shell(custom_id: str) -> discord.ui.Item[discord.ui.View]:
        return discord.ui.Select(custom_id=custom_id)

    async def act(self, interaction: discord.Interaction[EaselClient]) -> None:
        data: Any = interaction.data or {}
        chosen = re.fullmatch(MORE_VALUE, str((data.get("values") or [""])[0]))
        action, number = ("", 1) if chosen is None else (chosen["action"], int(chosen["number"] or 1))
        await press(interaction, action, self.said["job"], number)


async def press(interaction: discord.Interaction[EaselClient], action: str, job_id: str, number: int = 1) -> None:
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
        await rule.press(interaction, job, number)
