"""From the options of `/imagine` to a complete order, or to a refusal that says what would be right. Pure.

Discord's client enforces the ranges that the command declares; a changed client does not, so all is checked here again.
"""

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bot import model_index
from bot.aspects import ASPECTS, size_for
from config.loading import Registry
from config.registry import Checkpoint, Quotas
from tasks.schema import (
    MAX_IMAGES,
    MAX_NEGATIVE_CHARACTERS,
    MAX_PROMPT_CHARACTERS,
    MAX_SEED,
    CheckpointRef,
    TextToImageSpec,
)

_SHOWN_MODELS = 8


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the member typed; None where the option was left out."""

    prompt: str
    negative: str | None = None
    model: str | None = None
    aspect: str | None = None
    images: int | None = None
    seed: int | None = None
    steps: int | None = None
    cfg: float | None = None


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Jobs that have not ended yet: of this member, and of all."""

    own: int
    overall: int


class RefusalCode(StrEnum):
    """Why a command is not accepted; every code has its sentence in `bot.wording`."""

    EMPTY = "empty"
    TOO_LONG = "too_long"
    OUT_OF_RANGE = "out_of_range"
    NOT_A_CHOICE = "not_a_choice"
    UNKNOWN_MODEL = "unknown_model"
    OWN_QUOTA = "own_quota"
    OVERALL_QUOTA = "overall_quota"


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A command that is not accepted: which option, what was given, and the data of the sentence."""

    code: RefusalCode
    option: str = ""
    given: str = ""
    data: Mapping[str, str] = field(default_factory=dict)


class _Refused(Exception):  # noqa: N818 - leaves this module as a value
    def __init__(self, code: RefusalCode, option: str = "", *, given: object = "", **data: object) -> None:
        self.refusal = Refusal(
            code=code, option=option, given=str(given), data={name: str(value) for name, value in data.items()}
        )
        super().__init__(code)


def submit(
    options: Options, *, registry: Registry, counts: Counts, draw_seed: Callable[[], int]
) -> TextToImageSpec | Refusal:
    """The order that these options mean, complete and final, or why there is none.

    Args:
        options: what was typed.
        registry: checkpoints with their defaults and limits, and the quotas.
        counts: jobs that have not ended.
        draw_seed: gives a number from 0 to 2³²-1 where no seed was asked for.
    """
    try:
        _check_quota(counts, registry.quotas)
        return _spec(options, registry=registry, draw_seed=draw_seed)
    except _Refused as refused:
        return refused.refusal


def clean(text: str) -> str:
    """Without control characters and lone surrogates, which neither databases nor picture files can hold."""
    kept = (c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs"))
    return "".join(kept).strip()


def seeds_from(first: int, count: int) -> tuple[int, ...]:
    """One seed per picture: the first and its successors modulo 2³²."""
    return tuple((first + offset) % (MAX_SEED + 1) for offset in range(count))


def _check_quota(counts: Counts, quotas: Quotas) -> None:
    if counts.own >= quotas.max_outstanding_per_user:
        raise _Refused(RefusalCode.OWN_QUOTA, given=counts.own, limit=quotas.max_outstanding_per_user)
    if counts.overall >= quotas.max_outstanding:
        raise _Refused(RefusalCode.OVERALL_QUOTA, given=counts.overall, limit=quotas.max_outstanding)


def _spec(options: Options, *, registry: Registry, draw_seed: Callable[[], int]) -> TextToImageSpec:
    prompt = _text("prompt", options.prompt, most=MAX_PROMPT_CHARACTERS)
    if not prompt:
        raise _Refused(RefusalCode.EMPTY, "prompt", most=MAX_PROMPT_CHARACTERS)
    checkpoint = _checkpoint(options.model, registry)
    negative = _text("negative", options.negative or "", most=MAX_NEGATIVE_CHARACTERS)
    width, height = size_for(checkpoint, _aspect(options.aspect))
    images = 1 if options.images is None else options.images
    _check_range("images", images, 1, MAX_IMAGES)
    seed = draw_seed() if options.seed is None else options.seed
    _check_range("seed", seed, 0, MAX_SEED)
    return TextToImageSpec(
        checkpoint=CheckpointRef.of(checkpoint),
        prompt=prompt,
        negative_prompt=negative or checkpoint.defaults.negative_prompt,
        width=width,
        height=height,
        num_inference_steps=_steps(options.steps, checkpoint),
        guidance_scale=_cfg(options.cfg, checkpoint),
        sampler=checkpoint.defaults.sampler,
        seeds=seeds_from(seed, images),
    )


def _text(option: str, value: str, *, most: int) -> str:
    text = clean(value)
    if len(text) > most:
        raise _Refused(RefusalCode.TOO_LONG, option, given=len(text), most=most)
    return text


def _checkpoint(typed: str | None, registry: Registry) -> Checkpoint:
    if typed is None or not typed.strip():
        return registry.default_checkpoint
    found = model_index.resolve(registry.checkpoints, typed)
    if found is None:
        known = list(registry.checkpoints)
        more = f" and {len(known) - _SHOWN_MODELS} more" if len(known) > _SHOWN_MODELS else ""
        raise _Refused(RefusalCode.UNKNOWN_MODEL, "model", given=typed, known=", ".join(known[:_SHOWN_MODELS]) + more)
    return found


def _aspect(typed: str | None) -> str | None:
    if typed is not None and typed not in ASPECTS:
        raise _Refused(RefusalCode.NOT_A_CHOICE, "aspect", given=typed, known=", ".join(ASPECTS))
    return typed


def _steps(value: int | None, checkpoint: Checkpoint) -> int:
    limits = checkpoint.limits
    steps = checkpoint.defaults.steps if value is None else value
    _check_range("steps", steps, limits.min_steps, limits.max_steps, of=checkpoint.name)
    return steps


def _cfg(value: float | None, checkpoint: Checkpoint) -> float:
    limits = checkpoint.limits
    cfg = checkpoint.defaults.cfg if value is None else value
    _check_range("cfg", cfg, limits.min_cfg, limits.max_cfg, of=checkpoint.name)
    return cfg


def _check_range(option: str, value: float, least: float, most: float, *, of: str = "") -> None:
    # A comparison that NaN fails, too.
    if not least <= value <= most:
        raise _Refused(RefusalCode.OUT_OF_RANGE, option, given=value, least=_number(least), most=_number(most), of=of)


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:g}"
