"""The buttons below our messages. Their ids carry a version, an action and a job, and nothing is kept in memory.

An id that was ever sent keeps its meaning for ever; a changed meaning gets the next version.
"""

from collections.abc import Iterable
from enum import StrEnum

import discord

from bot.wording.catalogue import DEFAULT_LOCALE, say

JOB_BUTTON = r"v1:(?P<action>[a-z]{2,16}):(?P<job>[0-9A-Za-z]{26})"


class Action(StrEnum):
    """What a button on a job's message does; the value is part of its id."""

    CANCEL = "cancel"
    RETRY = "retry"
    REROLL = "reroll"
    REMIX = "remix"
    INFO = "info"
    DELETE = "delete"
    DM = "dm"


WHILE_WAITING = (Action.CANCEL, Action.DM)
ON_RESULT = (Action.REROLL, Action.REMIX, Action.INFO, Action.DELETE)
ON_FAILURE = (Action.RETRY,)

_STYLES = {Action.RETRY: discord.ButtonStyle.primary, Action.DELETE: discord.ButtonStyle.danger}


def custom_id(action: Action, job_id: str) -> str:
    """The id of a button, at most 45 of Discord's 100 characters."""
    return f"v1:{action}:{job_id}"


def job_view(actions: Iterable[Action], job_id: str, *, locale: str = DEFAULT_LOCALE) -> discord.ui.View:
    """A row of buttons. Made where an event loop runs, and ended at once: discord.py keeps no memory of it."""
    view = discord.ui.View(timeout=None)
    for action in actions:
        view.add_item(
            discord.ui.Button(
                label=say(f"button.{action}", locale=locale),
                style=_STYLES.get(action, discord.ButtonStyle.secondary),
                custom_id=custom_id(action, job_id),
            )
        )
    view.stop()
    return view
