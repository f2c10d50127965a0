"""A LoRA that somebody attached reaches a rented machine, which has no way to our disk, and changes a picture."""

from pathlib import Path
from typing import Any

import pytest
from safetensors.numpy import load, save

from sandbox.studio import Studio
from tests.e2e.test_one_picture import draw, opened
from tests.unit.bot.pictures import attached

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

HEART = Path(__file__).parents[2] / "sandbox" / "weights" / "drawn" / "loras" / "heart.safetensors"


def for_any_width() -> bytes:
    """The heart without the layers that betray how narrow the sandbox's model is: SDXL's are 16 times as wide."""
    tensors = load(HEART.read_bytes())
    kept = {name: tensor for name, tensor in tensors.items() if "attn2.to_k" not in name and "attn2.to_v" not in name}
    return bytes(save(kept, metadata={"modelspec.title": "My heart", "modelspec.trigger_phrase": "heart"}))


def said(studio: Studio, answer: dict[str, Any]) -> str:
    """What a command that shows "thinking" first says in the end."""
    path = f"interactions/{answer['interaction_id']}"
    return studio.wait_for(
        "the answer", lambda: str((studio.discord("GET", path)["message"] or {}).get("content", "")), timeout_s=60
    )


def test_an_attached_lora_is_drawn_with(studio: Studio) -> None:
    """From the file in a command to the picture, under the rights of a rented machine's own Redis user."""
    file = attached(for_any_width(), "my_heart.safetensors")
    answer = studio.act(command="loras add", options={"file": file}, user="owner", wait=True)
    assert said(studio, answer).startswith("**My heart** is published as `my-heart`.")
    order = {"prompt": "a red heart on a white background", "seed": 7, "steps": 4}
    worn, bare = (opened(studio, draw(studio, **order, **lora))[0] for lora in ({"lora": "my-heart"}, {}))
    assert worn.size == bare.size
    assert worn.tobytes() != bare.tobytes()
