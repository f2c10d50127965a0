"""What a job refers to: weights by where they are and what they hash to, pictures by their hash.

All that a worker must know travels with the job, so no worker needs new files when the registry gets one.
"""

import math
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from config.registry import (
    Checkpoint,
    Control,
    ControlNet,
    Detector,
    FusedLora,
    Limits,
    Lora,
    LoraSet,
    Preprocessor,
    SafetyChecker,
    Sha256,
    Weights,
)
from tasks.wire import Wire, is_default

MAX_INPUT_PIXELS = 4096 * 4096
MAX_INPUT_SIDE = 8192
MAX_LORA_WEIGHT = 2.0

Identifier = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class StepLimits(Wire):
    """The steps and the cfg that a checkpoint draws well with; the worker clamps to them with a remark."""

    min_steps: int = Field(ge=1)
    max_steps: int = Field(ge=1)
    min_cfg: float = Field(ge=0)
    max_cfg: float = Field(ge=0)

    @classmethod
    def of(cls, limits: Limits) -> Self:
        """From a registry entry's limits."""
        return cls.model_validate(limits.model_dump(include=set(cls.model_fields)))


class CheckpointRef(Wire):
    """A checkpoint."""

    id: str
    format: Literal["folder", "single_file"]
    weights: Weights
    variant: Literal["fp16"] | None = None
    prediction: Literal["epsilon", "v_prediction"] = "epsilon"
    timestep_spacing: Literal["leading", "trailing", "linspace"] = "leading"
    zero_terminal_snr: bool = Field(default=False, exclude_if=is_default)
    vae: Weights | None = None
    fused_lora: FusedLora | None = None
    config: Weights | None = None
    max_pixels: int
    limits: StepLimits | None = Field(default=None, exclude_if=is_default)

    @classmethod
    def of(cls, entry: Checkpoint) -> Self:
        """The reference to a registry entry."""
        return cls(
            id=entry.id,
            format=entry.format,
            weights=_weights(entry),
            variant=entry.variant,
            prediction=entry.prediction,
            timestep_spacing=entry.timestep_spacing,
            zero_terminal_snr=entry.zero_terminal_snr,
            vae=entry.vae,
            fused_lora=entry.fused_lora,
            config=entry.config,
            max_pixels=entry.limits.max_pixels,
            limits=StepLimits.of(entry.limits),
        )


class LoraRef(Wire):
    """A LoRA at a weight. `trigger_words` are added to the prompt where `add_trigger_words` says so."""

    id: Identifier
    weights: Weights
    weight: float = Field(1.0, ge=-MAX_LORA_WEIGHT, le=MAX_LORA_WEIGHT)
    base: str = "sdxl"
    trigger_words: tuple[str, ...] = ()
    add_trigger_words: bool = False

    @classmethod
    def of(cls, entry: Lora, *, weight: float | None = None, add_trigger_words: bool = False) -> Self:
        """The reference to a registry entry, at its own weight unless another is asked for."""
        return cls(
            id=entry.id,
            weights=_weights(entry),
            weight=entry.weight if weight is None else weight,
            base=entry.base,
            trigger_words=entry.trigger_words,
            add_trigger_words=add_trigger_words,
        )


def wear(lora_set: LoraSet, loras: Mapping[str, Lora]) -> tuple[LoraRef, ...]:
    """The LoRAs of a registry's set, at the set's weights."""
    return tuple(
        LoraRef.of(loras[worn.lora], weight=worn.weight, add_trigger_words=lora_set.add_trigger_words)
        for worn in lora_set.loras
    )


class InputRef(Wire):
    """A picture under the Redis key `input:<sha256>`; the hash is of its bytes, the size in pixels."""

    sha256: Sha256
    width: int = Field(ge=1, le=MAX_INPUT_SIDE)
    height: int = Field(ge=1, le=MAX_INPUT_SIDE)
    media_type: Literal["image/png", "image/jpeg", "image/webp"] = "image/png"

    @model_validator(mode="after")
    def _not_too_large(self) -> Self:
        if self.width * self.height > MAX_INPUT_PIXELS:
            message = f"{self.width}x{self.height} is more than {MAX_INPUT_PIXELS} pixels"
            raise ValueError(message)
        return self


class PreprocessorRef(Wire):
    """What makes a map of a picture. `files` are its weights, in the order of the registry entry."""

    id: Identifier
    detector: Detector
    files: tuple[Weights, ...] = ()

    @classmethod
    def of(cls, entry: Preprocessor) -> Self:
        """The reference to a registry entry."""
        return cls(id=entry.id, detector=entry.detector, files=entry.files)


class ControlRef(Wire):
    """A ControlNet, the picture that it follows, how strongly, and in which part of the drawing.

    `start` and `end` are shares of the steps; outside them nothing is computed. Without an `image` it follows the
    job's own picture. Where `preprocess` is false, or the kind is `ready_made`, the picture is the map already.
    """

    id: Identifier
    weights: Weights
    base: str = "sdxl"
    variant: Literal["fp16"] | None = None
    kind: Control
    image: InputRef | None = None
    weight: float = Field(1.0, ge=0, le=2)
    start: float = Field(0.0, ge=0, lt=1)
    end: float = Field(1.0, gt=0, le=1)
    preprocess: bool = True
    preprocessor: PreprocessorRef | None = None

    @classmethod
    def of(cls, entry: ControlNet, *, preprocessor: Preprocessor | None = None, **choices: object) -> Self:
        """The reference to a registry entry; `choices` are the member's: image, weight, start, end, preprocess."""
        return cls.model_validate(
            {
                "id": entry.id,
                "weights": _weights(entry),
                "base": entry.base,
                "variant": entry.variant,
                "kind": entry.control,
                "preprocessor": PreprocessorRef.of(preprocessor) if preprocessor else None,
                **choices,
            }
        )

    @model_validator(mode="after")
    def _window(self) -> Self:
        if not (math.isfinite(self.start) and self.start < self.end):
            message = f"start {self.start:g} must be before end {self.end:g}"
            raise ValueError(message)
        return self


class SafetyRef(Wire):
    """What looks at every finished picture of a job before anybody else does."""

    id: Identifier
    weights: Weights

    @classmethod
    def of(cls, entry: SafetyChecker) -> Self:
        """The reference to the registry's entry."""
        return cls(id=entry.id, weights=_weights(entry))


def _weights(entry: Weights) -> Weights:
    return Weights(source=entry.source, revision=entry.revision, file=entry.file, sha256=entry.sha256)
