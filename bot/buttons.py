"""The buttons below our messages. Their ids carry a version, an action and a job, and nothing is kept in memory.

An id that was ever sent keeps its meaning for ever; a changed meaning gets the next version.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum

import discord

from bot.wording.catalogue import DEFAULT_LOCALE, say
from tasks.errors import ErrorCode

# `number` is which picture of the job is meant; without it the first.
JOB_BUTTON = r"v1:(?P<action>[a-z]{2,16}):(?P<job>[0-9A-Za-z]{26})(?::(?P<number>[1-4]))?"
MORE_LIST = r"v1:select:more:(?P<job>[0-9A-Za-z]{26})"
# What a line of the list sends.
MORE_VALUE = r"(?P<action>[a-z]{2,16})(?::(?P<number>[1-4]))?"


class Action(StrEnum):
    """What a button on a job's message does; the value is part of its id."""

    CANCEL = "cancel"
    RETRY = "retry"
    REROLL = "reroll"
    REMIX = "remix"
    INFO = "info"
    DELETE = "delete"
    DM = "dm"
    UPSCALE = "upscale"
    FOURFOLD = "fourfold"
    VARY = "vary"
    STRONG = "strong"
    MAPS = "maps"
    ORIGINALS = "originals"
    STYLE = "style"


WHILE_WAITING = (Action.CANCEL, Action.DM)
# For a message that shows a job without its pictures.
ON_RESULT = (Action.REROLL, Action.REMIX, Action.INFO, Action.DELETE)
ON_FAILURE = (Action.RETRY,)
# The same order would give the same pictures, and they would be withheld again.
ON_ADULT = (Action.REROLL, Action.REMIX)

_STYLES = {
    Action.RETRY: discord.ButtonStyle.primary,
    Action.DELETE: discord.ButtonStyle.danger,
    Action.UPSCALE: discord.ButtonStyle.primary,
    Action.FOURFOLD: discord.ButtonStyle.primary,
}
_ONE_PICTURE = (
    (Action.UPSCALE, Action.FOURFOLD, Action.VARY, Action.STRONG, Action.REMIX),
    (Action.REROLL, Action.INFO, Action.DELETE),
)


def on_failure(code: ErrorCode | None) -> tuple[Action, ...]:
    """The buttons below a job that ended without pictures, for this reason."""
    return ON_ADULT if code is ErrorCode.ADULT else ON_FAILURE


def custom_id(action: Action, job_id: str, number: int | None = None) -> str:
    """The id of a button, at most 47 of Discord's 100 characters; `number` is the picture that is meant."""
    return f"v1:{action}:{job_id}" if number is None else f"v1:{action}:{job_id}:{number}"


def job_view(actions: Iterable[Action], job_id: str, *, locale: str = DEFAULT_LOCALE) -> discord.ui.View:
    """A row of buttons. Made where an event loop runs, and ended at once: discord.py keeps no memory of it."""
    view = discord.ui.View(timeout=None)
    for action in actions:
        view.add_item(_button(action, job_id, locale=locale))
    view.stop()
    return view


def numbered_view(
    action: Action, job_id: str, *, numbers: Sequence[int], locale: str = DEFAULT_LOCALE
) -> discord.ui.View:
    """One button per picture of a job, for a message that asks which one is meant."""
    view = discord.ui.View(timeout=None)
    for number in numbers:
        view.add_item(_button(action, job_id, number=number, locale=locale))
    view.stop()
    return view


def result_view(
    job_id: str, *, numbers: Sequence[int], of: int, maps: bool, locale: str = DEFAULT_LOCALE
) -> discord.ui.View:
    """Below pictures: what one does most as buttons, the rest as a list.

    A job of one picture has its own buttons; several have a row to enlarge and a row to vary, a button each.
    `numbers` are those that are shown, of so many; one that is withheld has no button.
    `maps` says whether there is a ControlNet that could show what it sees.
    """
    view = discord.ui.View(timeout=None)
    rows = _of_one(job_id, locale) if of == 1 else _of_several(job_id, numbers, locale)
    for row, buttons in enumerate(rows):
        for button in buttons:
            button.row = row
            view.add_item(button)
    view.add_item(_more(job_id, numbers, of=of, maps=maps, locale=locale, row=len(rows)))
    view.stop()
    return view


def _of_one(job_id: str, locale: str) -> list[list[discord.ui.Button[discord.ui.View]]]:
    return [[_button(action, job_id, locale=locale) for action in actions] for actions in _ONE_PICTURE]


def _of_several(job_id: str, numbers: Sequence[int], locale: str) -> list[list[discord.ui.Button[discord.ui.View]]]:
    def each(action: Action) -> list[discord.ui.Button[discord.ui.View]]:
        return [_button(action, job_id, number=number, locale=locale) for number in numbers]

    return [
        [*each(Action.UPSCALE), _button(Action.REROLL, job_id, locale=locale)],
        [*each(Action.VARY), _button(Action.REMIX, job_id, locale=locale)],
        [_button(action, job_id, locale=locale) for action in (Action.INFO, Action.DELETE)],
    ]


def _button(
    action: Action, job_id: str, *, number: int | None = None, locale: str
) -> discord.ui.Button[discord.ui.View]:
    label = f"button.{action}" if number is None else f"button.{action}.nth"
    return discord.ui.Button(
        label=say(label, locale=locale, number=number),
        style=_STYLES.get(action, discord.ButtonStyle.secondary),
        custom_id=custom_id(action, job_id, number),
    )


def _more(
    job_id: str, numbers: Sequence[int], *, of: int, maps: bool, locale: str, row: int
) -> discord.ui.Select[discord.ui.View]:
    """The list: at most 14 of Discord's 25 lines."""
    per_picture = [] if of == 1 else [Action.STRONG, Action.FOURFOLD]
    per_picture += [Action.MAPS] if maps else []
    options = [
        discord.SelectOption(label=say(f"more.{action}", locale=locale, number=number), value=f"{action}:{number}")
        for action in per_picture
        for number in numbers
    ]
    options += [
        discord.SelectOption(label=say(f"more.{action}", locale=locale), value=str(action))
        for action in (Action.ORIGINALS, Action.STYLE)
    ]
    return discord.ui.Select(
        custom_id=f"v1:select:more:{job_id}", placeholder=say("more.title", locale=locale), options=options, row=row
    )
