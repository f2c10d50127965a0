"""Flags in the prompt, as people know them from elsewhere: each stands for an option. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.refusals import RefusalCode, Refused

# flag → option
FLAGS: dict[str, str] = {
    "ar": "aspect",
    "no": "negative",
    "seed": "seed",
    "n": "images",
    "steps": "steps",
    "cfg": "cfg",
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
    "iw": "pictures",
    "tile": "pictures",
    "style": "style",
}
# Telephones make a dash of two hyphens.
_FLAG = re.compile(r"(?:(?<=\s)|^)(?:--|—|–)(?P<name>[A-Za-z][A-Za-z-]*)(?=\s|$)")  # noqa: RUF001
_WHOLE = re.compile(r"\d{1,12}", re.ASCII)
_NUMBER = re.compile(r"\d{1,6}(\.\d{1,6})?", re.ASCII)


@dataclass(frozen=True)
class Flagged:
    """A prompt without its flags, and what they said, by option."""

    prompt: str
    values: Mapping[str, str | int | float] = field(default_factory=dict)


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
    for match, following in zip(matches, [*matches[1:], None], strict=True):
        name = match["name"].lower()
        said = prompt[match.end() : following.start() if following else len(prompt)].strip()
        value, rest = (said, "") if name == "no" else _split(said)
        values[_option(name)] = _value(name, value)
        words.append(rest)
    return Flagged(" ".join(filter(None, words)), values)


def _split(said: str) -> tuple[str, str]:
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
    if name in ("ar", "no"):
        return text
    if not (_NUMBER if name == "cfg" else _WHOLE).fullmatch(text):
        raise Refused(RefusalCode.NOT_A_NUMBER, f"--{name}", given=text)
    return float(text) if name == "cfg" else int(text)
