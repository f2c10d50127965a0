"""Finds the words of a house's filter in a prompt, however they are dressed up, and only as whole words. Pure."""

# ruff: noqa: RUF001 - look-alike letters are this module's subject

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

# Letters that look like Latin ones, and digits and signs that stand in for letters.
_DRESSED_UP = {
    "a": "аα4@",
    "b": "бвβ8",
    "c": "с",
    "d": "ԁ",
    "e": "еε3",
    "g": "ɡ",
    "h": "нһ",
    "i": "іιӏ1",
    "j": "ј",
    "k": "кκ",
    "m": "м",
    "o": "оο0",
    "p": "рρ",
    "r": "г",
    "s": "ѕ5$",
    "t": "тτ7",
    "u": "υ",
    "v": "ν",
    "x": "хχ",
    "y": "у",
}
_LOOK_ALIKES = {ord(dressed): letter for letter, group in _DRESSED_UP.items() for dressed in group}
_WORD = re.compile(r"[^\W_]+")
_SPELLED_OUT = re.compile(r"(?<!\w)(?:\w[\s.,*_\-]{1,3}){2,20}\w(?!\w)")
MIN_CHARACTERS = 2


def find(prompt: str, patterns: Iterable[str]) -> str | None:
    """The first pattern whose words stand in `prompt` next to each other, or None.

    Case, accents, invisible characters, look-alike letters and l-e-t-t-e-r-s set apart make no difference; a word
    inside another one is another word. A `*` at the end of a pattern's word stands for any ending.
    """
    text, runs = " ".join(words(prompt)), _spelled_out(prompt)
    return next((each for each in patterns if _expression(each).search(text) or _is_in_run(each, runs)), None)


def words(text: str) -> list[str]:
    """The words of a text in their plainest form."""
    return _WORD.findall(_plainest(text))


def is_usable(pattern: str) -> bool:
    """Whether anything is left of a pattern in its plainest form; one letter would match too much."""
    return sum(map(len, words(pattern))) >= MIN_CHARACTERS


def _plainest(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text).casefold()
    visible = (c for c in folded if unicodedata.category(c) not in ("Cf", "Mn", "Cc", "Cs") or c in "\n\t ")
    return "".join(visible).translate(_LOOK_ALIKES)


def _spelled_out(text: str) -> list[str]:
    """Rows of letters that were set apart, put together. Where such a word begins cannot be seen."""
    return ["".join(words(match[0])) for match in _SPELLED_OUT.finditer(_plainest(text))]


def _is_in_run(pattern: str, runs: list[str]) -> bool:
    together = "".join(words(pattern))
    return len(together) > MIN_CHARACTERS and any(together in run for run in runs)


@lru_cache(maxsize=4096)
def _expression(pattern: str) -> re.Pattern[str]:
    parts = []
    for word in re.split(r"\s+", pattern.strip()):
        plain = "".join(words(word.rstrip("*")))
        if plain:
            parts.append(re.escape(plain) + (r"\w*" if word.endswith("*") else ""))
    return re.compile(rf"(?<!\w){' '.join(parts)}(?!\w)" if parts else r"(?!)")
