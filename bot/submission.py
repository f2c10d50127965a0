"""From the options of `/imagine` and `/inpaint` to a complete order, or to a refusal with what would be right. Pure.

With a picture it is image to image, with a mask over the picture inpainting, else the words alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from bot import model_index
from bot.aspects import ASPECTS, size_for, size_kept, size_like
from bot.companions import controls_for, loras_for
from bot.refusals import RefusalCode, Refused, check_range, checked_text
from bot.relations import Relation
from config.loading import Registry
from config.registry import AS_IT_IS, SAMPLERS, Checkpoint, Sampler
from tasks.schema import (
    MAX_IMAGES,
    MAX_NEGATIVE_CHARACTERS,
    MAX_PROMPT_CHARACTERS,
    MAX_SEED,
    CheckpointRef,
    ImageToImageSpec,
    InpaintSpec,
    InputRef,
    JobSpec,
    TextToImageSpec,
)

MIN_STRENGTH = 0.05
DEFAULT_STRENGTH = 0.6
LORA_OPTIONS = ("lora", "lora2", "lora3")
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
    lora: str | None = None
    lora2: str | None = None
    lora3: str | None = None
    init_image: InputRef | None = None
    strength: float | None = None
    control_image: InputRef | None = None
    control: str | None = None
    control_weight: float | None = None
    control_end: float | None = None
    mask: InputRef | None = None
    # The job whose picture it begins with, and how.
    parent_id: str | None = None
    relation: Relation | None = None
    # Options that were not typed but come from a style or one's own defaults: where a model forbids them, its own hold.
    soft: frozenset[str] = frozenset()

    @property
    def words(self) -> str:
        """What is looked at by the house's filter, and shown."""
        return self.prompt


def submit(
    options: Options, *, registry: Registry, draw_seed: Callable[[], int], most_steps: int | None = None
) -> JobSpec:
    """The order that these options mean, complete and final.

    Args:
        options: what was typed.
        registry: checkpoints with their defaults and limits.
        draw_seed: gives a number from 0 to 2³²-1 where no seed was asked for.
        most_steps: what this member may have; a model's default above it is lowered, a given number is not.

    Raises:
        Refused: it cannot be; with what would be right.
    """
    checkpoint = checkpoint_for(options.model, registry)
    common = _common(options, checkpoint, registry=registry, draw_seed=draw_seed, most_steps=most_steps)
    image, mask = options.init_image, options.mask
    if image is None:
        if options.strength is not None:
            raise Refused(RefusalCode.NEEDS, "strength", needed="init_image")
        width, height = size_for(checkpoint, _aspect(options.aspect))
        return TextToImageSpec(**common, width=width, height=height)
    strength = _strength(options.strength, default=DEFAULT_STRENGTH if mask is None else 1.0)
    if mask is not None:
        width, height = size_kept(checkpoint, image.width, image.height)
        return InpaintSpec(**common, width=width, height=height, image=image, mask=mask, strength=strength)
    width, height = _size_from(options, checkpoint, image)
    return ImageToImageSpec(**common, width=width, height=height, image=image, strength=strength)


def _common(
    options: Options,
    checkpoint: Checkpoint,
    *,
    registry: Registry,
    draw_seed: Callable[[], int],
    most_steps: int | None,
) -> dict[str, Any]:
    """What every kind of job has."""
    prompt = checked_text("prompt", options.prompt, most=MAX_PROMPT_CHARACTERS, required=True)
    default = checkpoint.defaults
    negative = checked_text("negative", options.negative or "", most=MAX_NEGATIVE_CHARACTERS)
    _aspect(options.aspect)
    images = 1 if options.images is None else options.images
    check_range("images", images, 1, MAX_IMAGES)
    seed = draw_seed() if options.seed is None else options.seed
    check_range("seed", seed, 0, MAX_SEED)
    controls = controls_for(
        control=options.control,
        image=options.control_image,
        own_image=options.init_image is not None,
        weight=options.control_weight,
        end=options.control_end,
        registry=registry,
    )
    return {
        "checkpoint": CheckpointRef.of(checkpoint),
        "prompt": prompt,
        "negative_prompt": negative or default.negative_prompt,
        "num_inference_steps": _steps(options, checkpoint, most_steps),
        "guidance_scale": _cfg(options, checkpoint),
        "sampler": default.sampler if options.sampler is None else _sampler(options.sampler),
        "seeds": seeds_from(seed, images),
        "loras": loras_for({name: getattr(options, name) for name in LORA_OPTIONS}, registry),
        "controls": controls,
        "show_maps": any(each.preprocess and each.kind not in AS_IT_IS for each in controls),
    }


def _size_from(options: Options, checkpoint: Checkpoint, image: InputRef) -> tuple[int, int]:
    """The shape that was asked for, else the picture's; a mere default does not stretch somebody's picture."""
    if options.aspect is not None and "aspect" not in options.soft:
        return size_for(checkpoint, _aspect(options.aspect))
    return size_like(checkpoint, image.width, image.height)


def _strength(value: float | None, *, default: float) -> float:
    if value is None:
        return default
    check_range("strength", value, MIN_STRENGTH, 1)
    return value


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
