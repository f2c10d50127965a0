"""Why a command is not accepted, as data, and the checks that every order passes. Pure.

Discord's client enforces the ranges that a command declares; a changed client does not, so all is checked here again.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self


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
    # Pictures that are given.
    PICTURE_TYPE = "picture_type"
    PICTURE_TOO_LARGE = "picture_too_large"
    PICTURE_PIXELS = "picture_pixels"
    PICTURE_SMALL = "picture_small"
    PICTURE_BROKEN = "picture_broken"
    PICTURE_ELSEWHERE = "picture_elsewhere"
    PICTURE_GONE = "picture_gone"
    PICTURE_AWAY = "picture_away"
    PICTURE_STORE = "picture_store"
    PICTURE_EXPIRED = "picture_expired"
    # What follows them.
    NEEDS = "needs"
    NO_CONTROLS = "no_controls"
    UNKNOWN_CONTROL = "unknown_control"
    NO_LORAS = "no_loras"
    UNKNOWN_LORA = "unknown_lora"
    LORA_TWICE = "lora_twice"
    LORA_WEIGHT = "lora_weight"
    TOO_MANY_LORAS = "too_many_loras"
    WHICH_CONTROL = "which_control"
    NO_MAPS = "no_maps"
    # Upscaling and inpainting.
    UPSCALE_PIXELS = "upscale_pixels"
    IMAGE_OR_JOB = "image_or_job"
    NO_SUCH_PICTURE = "no_such_picture"
    NO_MASK = "no_mask"
    MASK_SIZE = "mask_size"
    MASK_EMPTY = "mask_empty"


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

    @classmethod
    def again(cls, refusal: Refusal) -> Self:
        """From a refusal that was caught elsewhere."""
        return cls(refusal.code, refusal.option, given=refusal.given, **refusal.data)


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
