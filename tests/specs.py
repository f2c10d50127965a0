"""Specs and jobs for tests."""

from itertools import count
from typing import Any

from ulid import ULID

from config.registry import Weights
from tasks.ledger import NewJob
from tasks.schema import (
    CheckpointRef,
    ControlRef,
    ImageToImageSpec,
    InpaintSpec,
    InputRef,
    LoraRef,
    PreprocessorRef,
    TextToImageSpec,
    UpscaleSpec,
)

_interactions = count(1_000_000_000_000_000_000)

TINY_REF = CheckpointRef(
    id="tiny-sdxl",
    format="folder",
    weights=Weights(source="file:var/weights/tiny-sdxl"),
    max_pixels=1024 * 1024,
)


ORDER: dict[str, Any] = {
    "checkpoint": TINY_REF,
    "prompt": "a red star on a blue background",
    "num_inference_steps": 2,
    "guidance_scale": 5.0,
    "sampler": "euler",
    "seeds": (7,),
}
SIZE = {"width": 64, "height": 64}
PICTURE = InputRef(sha256="a" * 64, width=64, height=64)
MASK = InputRef(sha256="b" * 64, width=64, height=64)


def tiny_spec(**changes: Any) -> TextToImageSpec:
    """A valid order; name what differs."""
    return TextToImageSpec(**(ORDER | SIZE | changes))


def image_spec(**changes: Any) -> ImageToImageSpec:
    """As `tiny_spec`, from a picture."""
    return ImageToImageSpec(**(ORDER | SIZE | {"image": PICTURE} | changes))


def inpaint_spec(**changes: Any) -> InpaintSpec:
    """As `tiny_spec`, within a mask."""
    return InpaintSpec(**(ORDER | SIZE | {"image": PICTURE, "mask": MASK} | changes))


def upscale_spec(**changes: Any) -> UpscaleSpec:
    """As `tiny_spec`, twice as large as its picture."""
    return UpscaleSpec(**(ORDER | {"image": PICTURE} | changes))


def lora(**changes: Any) -> LoraRef:
    """A LoRA; name what differs."""
    values = {"id": "ink", "weights": Weights(source="file:var/loras", file="ink.safetensors")}
    return LoraRef.model_validate(values | changes)


def control(**changes: Any) -> ControlRef:
    """A ControlNet; name what differs."""
    values = {"id": "edges", "weights": Weights(source="file:var/edges"), "kind": "canny", "image": PICTURE}
    return ControlRef.model_validate(values | changes)


MIDAS = PreprocessorRef(
    id="midas",
    detector="midas",
    files=(Weights(source="huggingface:lllyasviel/Annotators", file="dpt.pt", sha256="c" * 64),),
)


def new_job(**changes: Any) -> NewJob:
    """What the bot would write down for a fresh interaction."""
    values: dict[str, Any] = {
        "id": str(ULID()),
        "spec": tiny_spec(),
        "interaction_id": next(_interactions),
        "application_id": 1,
        "interaction_token": "a-token",
        "user_id": 11,
        "guild_id": 21,
        "channel_id": 31,
        "locale": "en-US",
        "attachment_limit_bytes": 10 * 2**20,
    }
    return NewJob(**(values | changes))
