"""From the options of `/imagine` to a complete order, or to a refusal that says what would be right. Pure."""

from collections.abc import Callable
from dataclasses import dataclass

from bot import model_index
from bot.aspects import ASPECTS, size_for
from bot.refusals import Refusal, RefusalCode, Refused, check_range, checked_text
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
        check_quota(counts, registry.quotas)
        return _spec(options, registry=registry, draw_seed=draw_seed)
    except Refused as refused:
        return refused.refusal


def seeds_from(first: int, count: int) -> tuple[int, ...]:
    """One seed per picture: the first and its successors modulo 2³²."""
    return tuple((first + offset) % (MAX_SEED + 1) for offset in range(count))


def check_quota(counts: Counts, quotas: Quotas) -> None:
    """Raises `Refused` where this member, or everybody together, has too much on the way."""
    if counts.own >= quotas.max_outstanding_per_user:
        raise Refused(RefusalCode.OWN_QUOTA, given=counts.own, limit=quotas.max_outstanding_per_user)
    if counts.overall >= quotas.max_outstanding:
        raise Refused(RefusalCode.OVERALL_QUOTA, given=counts.overall, limit=quotas.max_outstanding)


def checkpoint_for(typed: str | None, registry: Registry) -> Checkpoint:
    """The checkpoint that a text means; the default for none.

    Raises:
        Refused: there is no such one.
    """
    if typed is None or not typed.strip():
        return registry.default_checkpoint
    found = model_index.resolve(registry.checkpoints, typed)
    if found is None:
        raise unknown_model(typed, registry)
    return found


def unknown_model(typed: str, registry: Registry) -> Refused:
    """The refusal that lists what there is."""
    known = list(registry.checkpoints)
    more = f" and {len(known) - _SHOWN_MODELS} more" if len(known) > _SHOWN_MODELS else ""
    return Refused(RefusalCode.UNKNOWN_MODEL, "model", given=typed, known=", ".join(known[:_SHOWN_MODELS]) + more)


def checked_steps(value: int, checkpoint: Checkpoint) -> int:
    """Raises `Refused` outside the checkpoint's limits."""
    limits = checkpoint.limits
    check_range("steps", value, limits.min_steps, limits.max_steps, of=checkpoint.name)
    return value


def checked_cfg(value: float, checkpoint: Checkpoint) -> float:
    """Raises `Refused` outside the checkpoint's limits."""
    limits = checkpoint.limits
    check_range("cfg", value, limits.min_cfg, limits.max_cfg, of=checkpoint.name)
    return value


def _spec(options: Options, *, registry: Registry, draw_seed: Callable[[], int]) -> TextToImageSpec:
    prompt = checked_text("prompt", options.prompt, most=MAX_PROMPT_CHARACTERS, required=True)
    checkpoint = checkpoint_for(options.model, registry)
    default = checkpoint.defaults
    negative = checked_text("negative", options.negative or "", most=MAX_NEGATIVE_CHARACTERS)
    width, height = size_for(checkpoint, _aspect(options.aspect))
    images = 1 if options.images is None else options.images
    check_range("images", images, 1, MAX_IMAGES)
    seed = draw_seed() if options.seed is None else options.seed
    check_range("seed", seed, 0, MAX_SEED)
    return TextToImageSpec(
        checkpoint=CheckpointRef.of(checkpoint),
        prompt=prompt,
        negative_prompt=negative or default.negative_prompt,
        width=width,
        height=height,
        num_inference_steps=checked_steps(default.steps if options.steps is None else options.steps, checkpoint),
        guidance_scale=checked_cfg(default.cfg if options.cfg is None else options.cfg, checkpoint),
        sampler=default.sampler,
        seeds=seeds_from(seed, images),
    )


def _aspect(typed: str | None) -> str | None:
    if typed is not None and typed not in ASPECTS:
        raise Refused(RefusalCode.NOT_A_CHOICE, "aspect", given=typed, known=", ".join(ASPECTS))
    return typed
