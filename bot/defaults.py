"""Where an option's value comes from: the option itself, then a flag, the style, one's own defaults. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from bot.flags import FLAGS, Flagged, parse
from bot.own_defaults import NOTIFY, is_no_lora, useful
from bot.refusals import RefusalCode, Refused
from bot.submission import Options
from tasks.ledger.people_models import Style

# What a style may hold.
OF_STYLE = ("model", "aspect", "steps", "cfg", "sampler")
PLACE = "{prompt}"
_TYPED = tuple(each.name for each in fields(Options) if each.name != "soft")
_SHOWN_STYLES = 8


@dataclass(frozen=True)
class Conflict:
    """A flag that an option overruled."""

    flag: str
    ignored: str
    option: str
    kept: str


@dataclass(frozen=True)
class Composed:
    """The options with every default filled in, and what was overruled on the way."""

    options: Options
    conflicts: Sequence[Conflict]
    by_dm: bool = False
    defaulted: Sequence[str] = ()  # the options that the member's own defaults filled in


def compose(options: Options, *, settings: Mapping[str, Any], styles: Sequence[Style]) -> Composed:
    """The options that a command means.

    Args:
        options: as typed, with flags still in the prompt.
        settings: the member's own defaults.
        styles: those that the member may use, their own first.

    Raises:
        Refused: a wrong flag, or a style that does not exist.
    """
    flagged = parse(options.prompt)
    conflicts = _conflicts(options, flagged)
    typed = {name: getattr(options, name) for name in _TYPED}
    given = {name: value for name, value in typed.items() if value is not None}
    wished = dict(flagged.values) | given
    style = _style(given.get("style") or settings.get("style"), styles, named=options.style is not None)
    own = useful(settings, wished)
    values = own | {name: style[name] for name in OF_STYLE if style.get(name) is not None}
    soft = frozenset(values) - set(wished)
    if not style:
        own.pop("style", None)  # it was deleted meanwhile
    defaulted = [name for name in own if name in soft and values[name] == own[name]]
    if is_no_lora(wished.get("lora")):
        wished["lora"] = None
    composed = replace(options, **values | wished | {"prompt": flagged.prompt, "soft": soft})
    return Composed(_styled(composed, style), conflicts, by_dm=settings.get(NOTIFY) == "dm", defaulted=defaulted)


def _conflicts(options: Options, flagged: Flagged) -> list[Conflict]:
    flag_of = {option: flag for flag, option in FLAGS.items()}
    return [
        Conflict(f"--{flag_of[option]}", flagged.typed[option], option, str(getattr(options, option)))
        for option, value in flagged.values.items()
        if getattr(options, option) not in (None, value)
    ]


def _style(name: str | None, styles: Sequence[Style], *, named: bool) -> Mapping[str, Any]:
    if not name:
        return {}
    wanted = name.strip().casefold()
    found = next((style for style in styles if style.name == wanted), None)
    if found is not None:
        return found.values_json
    if not named:
        return {}  # a default style that was deleted meanwhile
    known = ", ".join(dict.fromkeys(style.name for style in styles[:_SHOWN_STYLES]))
    raise Refused(RefusalCode.UNKNOWN_STYLE if known else RefusalCode.NO_STYLES, "style", given=name, known=known)


def _styled(options: Options, style: Mapping[str, Any]) -> Options:
    words, negative = style.get("words"), style.get("negative")
    prompt = options.prompt
    if words and prompt.strip():
        prompt = words.replace(PLACE, prompt) if PLACE in words else f"{prompt}, {words}"
    both = ", ".join(filter(None, [options.negative, negative]))
    return replace(options, prompt=prompt, negative=both or None)
