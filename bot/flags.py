"""Flags in the prompt, as people know them from elsewhere: each stands for an option. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.refusals import RefusalCode, Refused, check_range

# flag → option
FLAGS: dict[str, str] = {
    "ar": "aspect",
    "no": "negative",
    "seed": "seed",
    "n": "images",
    "steps": "steps",
    "cfg": "cfg",
    "iw": "strength",
    "tile": "control",
}
# Flags of other studios that mean nothing here, and the sentence (`flag.<name>`) that says what to use instead.
FOREIGN: dict[str, str] = {
    "stylize": "stylize",
    "s": "stylize",
    "chaos": "chaos",
    "c": "chaos",
    "weird": "chaos",
    "w": "chaos",
    "v": "version",
    "version": "version",
    "niji": "version",
    "q": "quality",
    "quality": "quality",
    "style": "style",
}
# Telephones make a dash of two hyphens.
_FLAG = re.compile(r"(?:(?<=\s)|^)(?:--|—|–)(?P<name>[A-Za-z][A-Za-z-]*)(?=\s|$)")  # noqa: RUF001
# How much a given picture counts, as Midjourney has it: 1 is our usual strength, 2 keeps most of it.
_MOST_IMAGE_WEIGHT = 2
_STRENGTH_PER_WEIGHT = 0.4
_ALONE = frozenset({"tile"})  # flags without a value
_WHOLE = re.compile(r"\d{1,12}", re.ASCII)
_NUMBER = re.compile(r"\d{1,6}(\.\d{1,6})?", re.ASCII)


@dataclass(frozen=True)
class Flagged:
    """A prompt without its flags, and what they said, by option; `typed` is the same as it was written."""

    prompt: str
    values: Mapping[str, str | int | float] = field(default_factory=dict)
    typed: Mapping[str, str] = field(default_factory=dict)


def parse(prompt: str) -> Flagged:
    """Take the flags out of a prompt. What follows a flag's value is prompt again, but for `--no`, which takes all.

    Raises:
        Refused: a flag is unknown, has no value, or one of the wrong kind.
    """
    matches = list(_FLAG.finditer(prompt))
    if not matches:
        return Flagged(prompt)
    words = [prompt[: matches[0].start()].strip()]
    values: dict[str, str | int | float] = {}
    typed: dict[str, str] = {}
    for match, following in zip(matches, [*matches[1:], None], strict=True):
        name = match["name"].lower()
        said = prompt[match.end() : following.start() if following else len(prompt)].strip()
        value, rest = _split(name, said)
        values[_option(name)] = _value(name, value)
        typed[_option(name)] = "" if name in _ALONE else value
        words.append(rest)
    return Flagged(" ".join(filter(None, words)), values, typed)


def _split(name: str, said: str) -> tuple[str, str]:
    if name == "no":
        return said, ""
    if name in _ALONE:
        return name, said
    value, _, rest = said.partition(" ")
    return value, rest.strip()


def _option(name: str) -> str:
    if name in FLAGS:
        return FLAGS[name]
    if name in FOREIGN:
        raise Refused(RefusalCode.FOREIGN_FLAG, given=f"--{name}", instead=FOREIGN[name])
    known = ", ".join(f"--{each}" for each in FLAGS)
    raise Refused(RefusalCode.UNKNOWN_FLAG, given=f"--{name}", known=known)


def _value(name: str, text: str) -> str | int | float:
    if not text:
        raise Refused(RefusalCode.EMPTY_FLAG, given=f"--{name}")
    if name in ("ar", "no", "tile"):
        return text
    fractional = name in ("cfg", "iw")
    if not (_NUMBER if fractional else _WHOLE).fullmatch(text):
        raise Refused(RefusalCode.NOT_A_NUMBER, f"--{name}", given=text)
    if name == "iw":
        return strength_of(float(text))
    return float(text) if fractional else int(text)


def strength_of(image_weight: float) -> float:
    """The option `strength` for an `--iw`: 0 forgets the picture, 1 is the usual 0.6, 2 keeps most of it.

    Raises:
        Refused: it is outside 0 to 2.
    """
    check_range("--iw", image_weight, 0, _MOST_IMAGE_WEIGHT)
    return round(1 - _STRENGTH_PER_WEIGHT * image_weight, 2)
