"""From the options of `/imagine` to a complete order, or to a refusal that says what would be right. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from bot import model_index
from bot.aspects import ASPECTS, size_for
from bot.refusals import RefusalCode, Refused, check_range, checked_text
from config.loading import Registry
from config.registry import SAMPLERS, Checkpoint, Sampler
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
    sampler: str | None = None
    style: str | None = None
    private: bool | None = None
    spoiler: bool | None = None
    # Options that were not typed but come from a style or one's own defaults: where a model forbids them, its own hold.
    soft: frozenset[str] = frozenset()


def submit(
    options: Options, *, registry: Registry, draw_seed: Callable[[], int], most_steps: int | None = None
) -> TextToImageSpec:
    """The order that these options mean, complete and final.

    Args:
        options: what was typed.
        registry: checkpoints with their defaults and limits.
        draw_seed: gives a number from 0 to 2³²-1 where no seed was asked for.
        most_steps: what this member may have; a model's default above it is lowered, a given number is not.

    Raises:
        Refused: it cannot be; with what would be right.
    """
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
        num_inference_steps=_steps(options, checkpoint, most_steps),
        guidance_scale=_cfg(options, checkpoint),
        sampler=default.sampler if options.sampler is None else _sampler(options.sampler),
        seeds=seeds_from(seed, images),
    )


def seeds_from(first: int, count: int) -> tuple[int, ...]:
    """One seed per picture: the first and its successors modulo 2³²."""
    return tuple((first + offset) % (MAX_SEED + 1) for offset in range(count))


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


def _sampler(typed: str) -> Sampler:
    if typed not in SAMPLERS:
        raise Refused(RefusalCode.NOT_A_CHOICE, "sampler", given=typed, known=", ".join(SAMPLERS))
    return cast("Sampler", typed)


def _steps(options: Options, checkpoint: Checkpoint, most: int | None) -> int:
    if options.steps is not None and "steps" not in options.soft:
        return checked_steps(options.steps, checkpoint)
    limits = checkpoint.limits
    suits = options.steps is not None and limits.min_steps <= options.steps <= limits.max_steps
    usual = options.steps if suits and options.steps is not None else checkpoint.defaults.steps
    return usual if most is None else max(limits.min_steps, min(usual, most))


def _cfg(options: Options, checkpoint: Checkpoint) -> float:
    if options.cfg is None:
        return checkpoint.defaults.cfg
    if "cfg" in options.soft and not checkpoint.limits.min_cfg <= options.cfg <= checkpoint.limits.max_cfg:
        return checkpoint.defaults.cfg
    return checked_cfg(options.cfg, checkpoint)


def _aspect(typed: str | None) -> str | None:
    if typed is not None and typed not in ASPECTS:
        raise Refused(RefusalCode.NOT_A_CHOICE, "aspect", given=typed, known=", ".join(ASPECTS))
    return typed
