"""Why a command is not accepted, as data, and the checks that every order passes. Pure.

Discord's client enforces the ranges that a command declares; a changed client does not, so all is checked here again.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class RefusalCode(StrEnum):
    """Why a command is not accepted; every code has its sentence in `bot.wording`."""

    EMPTY = "empty"
    TOO_LONG = "too_long"
    OUT_OF_RANGE = "out_of_range"
    NOT_A_NUMBER = "not_a_number"
    NOT_A_CHOICE = "not_a_choice"
    UNKNOWN_MODEL = "unknown_model"
    OWN_QUOTA = "own_quota"
    OVERALL_QUOTA = "overall_quota"
    DAY_QUOTA = "day_quota"
    HOUSE_LIMIT = "house_limit"
    CHANNEL_OFF = "channel_off"
    BLOCKED = "blocked"
    BLOCKED_UNTIL = "blocked_until"
    FILTERED = "filtered"
    ADULT_HERE = "adult_here"
    MODEL_DENIED = "model_denied"
    NO_MODEL = "no_model"
    UNKNOWN_FLAG = "unknown_flag"
    FOREIGN_FLAG = "foreign_flag"
    EMPTY_FLAG = "empty_flag"
    UNKNOWN_STYLE = "unknown_style"
    NO_STYLES = "no_styles"


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A command that is not accepted: which option, what was given, and the data of the sentence."""

    code: RefusalCode
    option: str = ""
    given: str = ""
    data: Mapping[str, str] = field(default_factory=dict)


class Refused(Exception):  # noqa: N818 - becomes a value at the border of the pure modules
    """Carries a refusal out of the checks."""

    def __init__(self, code: RefusalCode, option: str = "", *, given: object = "", **data: object) -> None:
        self.refusal = Refusal(
            code=code, option=option, given=str(given), data={name: str(value) for name, value in data.items()}
        )
        super().__init__(code)


def clean(text: str) -> str:
    """Without control characters and lone surrogates, which neither databases nor picture files can hold."""
    kept = (c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs"))
    return "".join(kept).strip()


def checked_text(option: str, value: str, *, most: int, required: bool = False) -> str:
    """The cleaned text of an option.

    Raises:
        Refused: it is too long, or empty where it must not be.
    """
    text = clean(value)
    if len(text) > most:
        raise Refused(RefusalCode.TOO_LONG, option, given=len(text), most=most)
    if required and not text:
        raise Refused(RefusalCode.EMPTY, option, most=most)
    return text


def check_range(option: str, value: float, least: float, most: float, *, of: str = "") -> None:
    """Raises `Refused` outside least to most; `of` names the model whose limits these are."""
    # A comparison that NaN fails, too.
    if not least <= value <= most:
        raise Refused(RefusalCode.OUT_OF_RANGE, option, given=value, least=_number(least), most=_number(most), of=of)


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:g}"
