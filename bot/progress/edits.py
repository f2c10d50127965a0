"""When a status message may be edited, and by which way. Pure.

Discord publishes no limits for edits. Easel edits when the stage changes, a tenth is done or a preview comes, at most
every 3 s per message, and stops for good at the first refusal.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from bot.progress.stages import Waiting

TOKEN_USABLE = timedelta(minutes=14)
EDITS_END = timedelta(minutes=50)  # later edits of old messages are limited specially (error 30046)
_BETWEEN_TOKEN_EDITS = timedelta(seconds=3)
_BETWEEN_BOT_EDITS = timedelta(seconds=15)  # all edits by the bot's token in a channel share one small bucket
_TENTHS = 10


class Way(StrEnum):
    """Who edits: the interaction's token, or the bot's own."""

    TOKEN = "token"  # noqa: S105 - a name, not a secret
    BOT = "bot"


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What a member sees at the moment, since when, and what it promises. `dead`: Discord refused an edit.

    `preview` is what the line brought with it, whether it was fit to be shown or not.
    """

    key: tuple[object, ...] = ()
    at: datetime | None = None
    promised_at: datetime | None = None
    preview: str = field(default="", repr=False)
    dead: bool = False


def showing(line: Waiting, now: datetime) -> Shown:
    """The record of an edit that was just made."""
    return Shown(key=key_of(line), at=now, promised_at=line.ready_at, preview=line.preview)


def key_of(line: Waiting) -> tuple[object, ...]:
    """Two lines with the same key look the same to a member who glances at them."""
    tenth = line.step * _TENTHS // line.steps if line.steps else 0
    return line.phase, line.ahead, tenth, line.reason


def due(shown: Shown, line: Waiting, *, way: Way | None, now: datetime) -> bool:
    """Whether the message should be edited now."""
    if way is None or shown.dead:
        return False
    rest = now - shown.at if shown.at is not None else timedelta.max
    if shown.key != key_of(line) or shown.preview != line.preview:
        return rest >= (_BETWEEN_TOKEN_EDITS if way is Way.TOKEN else _BETWEEN_BOT_EDITS)
    broken_promise = shown.promised_at is not None and shown.promised_at <= now
    return broken_promise and rest >= _BETWEEN_BOT_EDITS


def way_for(*, has_token: bool, reply_known: bool, age: timedelta) -> Way | None:
    """The way by which a message of this age can be edited; None where it should be left alone."""
    if has_token and age < TOKEN_USABLE:
        return Way.TOKEN
    if reply_known and age < EDITS_END:
        return Way.BOT
    return None
