"""Answers about a member's own defaults and styles. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.wording.catalogue import DEFAULT_LOCALE, say
from bot.wording.escaping import harmless
from bot.wording.results import MESSAGE_LIMIT
from tasks.ledger.people_models import Style

_SHOWN = 80


def settings_message(values: Mapping[str, Any], *, locale: str = DEFAULT_LOCALE) -> str:
    """Every default that a member keeps."""
    if not values:
        return say("settings.none", locale=locale)
    lines = [
        say("settings.line", locale=locale, name=name, value=_value(value, locale)) for name, value in values.items()
    ]
    return "\n".join([say("settings.title", locale=locale), *lines])


def styles_message(styles: Sequence[Style], *, locale: str = DEFAULT_LOCALE) -> str:
    """The styles that a member may use."""
    if not styles:
        return say("style.none", locale=locale)
    lines = [
        say(
            "style.line",
            locale=locale,
            name=style.name,
            shared=say("style.shared", locale=locale) if style.shared else "",
            content=", ".join(f"{name} {_value(value, locale)}" for name, value in style.values_json.items()),
        )
        for style in styles
    ]
    text = "\n".join([say("style.title", locale=locale), *lines])
    return text if len(text) <= MESSAGE_LIMIT else text[: MESSAGE_LIMIT - 2].rpartition("\n")[0] + "\n…"


def _value(value: object, locale: str) -> str:
    if isinstance(value, bool):
        return say("settings.yes" if value else "settings.no", locale=locale)
    return harmless(str(value), most=_SHOWN)
