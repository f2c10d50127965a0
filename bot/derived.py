"""Orders that make something of a finished picture: larger, varied, or what a ControlNet sees in it. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.aspects import size_like
from bot.control_index import ControlChoice
from bot.refusals import RefusalCode, Refused, check_range
from bot.relations import Relation
from bot.submission import checkpoint_for, seeds_from, unknown_model
from config.loading import Registry
from config.registry import Checkpoint
from tasks.references import MAX_INPUT_PIXELS
from tasks.schema import MAX_CONTROLS, CheckpointRef, ControlRef, ImageToImageSpec, InputRef, JobSpec, UpscaleSpec

FACTORS = (2, 4)
MAX_DETAIL = 0.6
DEFAULT_DETAIL = 0.2
SUBTLE, STRONG = 0.35, 0.7
# What the tiles of a picture are drawn with whose words nobody knows.
_WORDS = "high quality, sharp, detailed"
_MEGAPIXEL = 10**6


@dataclass(frozen=True, kw_only=True)
class FromPicture:
    """An order from a picture. `spec` is the order that drew it, where that is known; `private` None: as usual."""

    image: InputRef
    spec: JobSpec | None = None
    parent_id: str | None = None
    relation: Relation | None = None
    private: bool | None = None
    spoiler: bool = False

    @property
    def model(self) -> str | None:
        """The model that draws; None is the default."""
        return None if self.spec is None else self.spec.checkpoint.id

    @property
    def words(self) -> str:
        """What is looked at by the house's filter, and shown."""
        return _WORDS if self.spec is None else self.spec.prompt


@dataclass(frozen=True, kw_only=True)
class Enlarge(FromPicture):
    """The picture larger; `detail` is how much of each tile is drawn anew."""

    factor: int = 2
    detail: float = DEFAULT_DETAIL


@dataclass(frozen=True, kw_only=True)
class Vary(FromPicture):
    """The picture again, by `strength` otherwise, as often as it was drawn the first time."""

    strength: float


@dataclass(frozen=True, kw_only=True)
class ShowMaps(FromPicture):
    """What each kind of ControlNet sees in the picture; nothing is drawn."""


Derived = Enlarge | Vary | ShowMaps


def derive(
    order: Derived, *, registry: Registry, draw_seed: Callable[[], int], most_steps: int | None = None
) -> JobSpec:
    """The order, complete and final; the model's weights and limits are today's, and so is the member's `most_steps`.

    Raises:
        Refused: it cannot be; with what would be right.
    """
    checkpoint = _checkpoint(order, registry)
    common = _common(order, checkpoint, most_steps)
    seed = draw_seed()
    if isinstance(order, Enlarge):
        return _enlarged(order, checkpoint, common | {"seeds": seeds_from(seed, 1)})
    width, height = size_like(checkpoint, order.image.width, order.image.height)
    common |= {"width": width, "height": height, "image": order.image}
    if isinstance(order, ShowMaps):
        shown = {"loras": (), "controls": _all_maps(registry), "show_maps": True}
        return ImageToImageSpec(**common | shown, seeds=seeds_from(seed, 1), strength=0)
    images = 1 if order.spec is None else order.spec.num_images
    return ImageToImageSpec(**common, seeds=seeds_from(seed, images), strength=order.strength)


def _enlarged(order: Enlarge, checkpoint: Checkpoint, common: dict[str, Any]) -> UpscaleSpec:
    if order.factor not in FACTORS:
        known = ", ".join(map(str, FACTORS))
        raise Refused(RefusalCode.NOT_A_CHOICE, "factor", given=order.factor, known=known)
    check_range("detail", order.detail, 0, MAX_DETAIL)
    image, default = order.image, checkpoint.defaults
    if image.width * image.height * order.factor**2 > MAX_INPUT_PIXELS:
        given = f"{image.width}×{image.height}"  # noqa: RUF001 - people read a multiplication sign
        most = f"{MAX_INPUT_PIXELS / _MEGAPIXEL:.1f}"
        raise Refused(RefusalCode.UPSCALE_PIXELS, "image", given=given, factor=order.factor, most=most)
    return UpscaleSpec(
        **common,
        image=image,
        factor=order.factor,
        detail=order.detail,
        tile=max(default.width, default.height),
    )


def _checkpoint(order: Derived, registry: Registry) -> Checkpoint:
    if order.model is None:
        return checkpoint_for(None, registry)
    found = registry.checkpoints.get(order.model)
    if found is None:
        raise unknown_model(order.model, registry)
    return found


def _common(order: Derived, checkpoint: Checkpoint, most_steps: int | None) -> dict[str, Any]:
    """Words, numbers and LoRAs as they were; ControlNets have done their work and are left out."""
    spec, default = order.spec, checkpoint.defaults
    steps = default.steps if spec is None else spec.num_inference_steps
    return {
        "checkpoint": CheckpointRef.of(checkpoint),
        "prompt": order.words,
        "negative_prompt": default.negative_prompt if spec is None else spec.negative_prompt,
        "num_inference_steps": steps if most_steps is None else min(steps, most_steps),
        "guidance_scale": default.cfg if spec is None else spec.guidance_scale,
        "sampler": default.sampler if spec is None else spec.sampler,
        "loras": () if spec is None else spec.loras,
    }


def _all_maps(registry: Registry) -> tuple[ControlRef, ...]:
    """One ControlNet of each kind that makes a map. At weight 0 none is loaded, and its map is made all the same."""
    by_kind = {entry.control: entry for entry in registry.controlnets.values() if ControlChoice(entry).makes_map}
    if not by_kind:
        raise Refused(RefusalCode.NO_MAPS)
    return tuple(
        ControlRef.of(entry, preprocessor=registry.preprocessors.get(entry.preprocessor or ""), weight=0)
        for entry in list(by_kind.values())[:MAX_CONTROLS]
    )
