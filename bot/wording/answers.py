"""Refusals and answers to buttons. Pure."""

from collections.abc import Iterable, Sequence

from bot.defaults import Conflict
from bot.refusals import Refusal
from bot.wording.catalogue import DEFAULT_LOCALE, say
from bot.wording.escaping import harmless
from tasks.lifecycle import JobState

_GIVEN = 80


def refusal(refused: Refusal, *, locale: str = DEFAULT_LOCALE) -> str:
    """What is wrong with a command, and what would be right."""
    key = f"refusal.{refused.code}"
    if refused.data.get("of"):
        key = f"{key}.model"
    if refused.data.get("instead"):
        key = f"flag.{refused.data['instead']}"
    given = harmless(refused.given, most=_GIVEN)
    return say(key, locale=locale, option=refused.option, **dict(refused.data) | {"given": given})


def remarks(conflicts: Iterable[Conflict], left_out: Sequence[str], *, locale: str = DEFAULT_LOCALE) -> str:
    """Flags that options overruled, and own defaults that cannot be had here any more; empty where there are none."""
    lines = [
        say(
            "flag.overruled",
            locale=locale,
            flag=each.flag,
            ignored=harmless(each.ignored, most=_GIVEN),
            option=each.option,
            kept=harmless(each.kept, most=_GIVEN),
        )
        for each in conflicts
    ]
    if left_out:
        lines.append(say("settings.left_out", locale=locale, options=", ".join(f"`{name}`" for name in left_out)))
    return "\n".join(lines)


def missing_permissions(names: Iterable[str], *, locale: str = DEFAULT_LOCALE) -> str:
    """The bot may not post here; `names` are discord.py's."""
    missing = ", ".join(say(f"permission.{name}", locale=locale) for name in names)
    return say("refusal.permissions", locale=locale, missing=missing)


def cancelled(user_id: int, *, prompt: str, locale: str = DEFAULT_LOCALE) -> str:
    """What the status message becomes. The name is shown and nobody is pinged."""
    return f"**{harmless(prompt, most=300)}**\n{say('cancel.done', locale=locale, who=mention(user_id))}"


def not_allowed(who: str, owner_id: int, *, locale: str = DEFAULT_LOCALE) -> str:
    """Who may press a button; `who` is the rule's name."""
    return say(f"who.{who}", locale=locale, owner=mention(owner_id))


def too_late(state: JobState, *, locale: str = DEFAULT_LOCALE) -> str:
    """Why a job in this state cannot be cancelled."""
    known = JobState.RENDERED if state is JobState.POSTING else state
    return say(f"cancel.too_late.{known}", locale=locale)


def mention(user_id: int) -> str:
    return f"<@{user_id}>"
