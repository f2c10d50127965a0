"""Specs and jobs for tests."""

from itertools import count
from typing import Any

from ulid import ULID

from config.registry import Weights
from tasks.ledger import NewJob
from tasks.schema import CheckpointRef, TextToImageSpec

_interactions = count(1_000_000_000_000_000_000)

TINY_REF = CheckpointRef(
    id="tiny-sdxl",
    format="folder",
    weights=Weights(source="file:var/weights/tiny-sdxl"),
    max_pixels=1024 * 1024,
)


def tiny_spec(**changes: Any) -> TextToImageSpec:
    """A valid order; name what differs."""
    values: dict[str, Any] = {
        "checkpoint": TINY_REF,
        "prompt": "a red star on a blue background",
        "width": 64,
        "height": 64,
        "num_inference_steps": 2,
        "guidance_scale": 5.0,
        "sampler": "euler",
        "seeds": (7,),
    }
    return TextToImageSpec(**(values | changes))


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
