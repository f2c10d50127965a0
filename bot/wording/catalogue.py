"""Sentences by key and locale. Another language is another dictionary in `LANGUAGES`; missing keys fall back."""

from collections.abc import Mapping

from bot.wording.english import ENGLISH
from bot.wording.german import GERMAN

DEFAULT_LOCALE = "en-US"
LANGUAGES: dict[str, Mapping[str, str]] = {"en": ENGLISH, "de": GERMAN}


def say(key: str, *, locale: str = DEFAULT_LOCALE, **values: object) -> str:
    """The sentence `key` for a reader with this Discord locale ("de", "en-GB", …).

    Raises:
        KeyError: for a key that does not exist in English, or a value that the sentence needs and did not get.
    """
    language = LANGUAGES.get(locale.partition("-")[0], ENGLISH)
    return language.get(key, ENGLISH[key]).format(**values)


def count(key: str, number: int, *, locale: str = DEFAULT_LOCALE, **values: object) -> str:
    """The sentence `key.one` or `key.many` with `number` in it."""
    return say(f"{key}.one" if number == 1 else f"{key}.many", locale=locale, number=number, **values)
