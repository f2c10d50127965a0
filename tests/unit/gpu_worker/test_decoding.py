from typing import Any

import pytest
from pydantic import ValidationError

from gpu_worker import decoding
from tasks.errors import BadSpec, ErrorCode
from tasks.specs import BaseSpec
from tests.specs import PICTURE, control, image_spec, inpaint_spec, lora, tiny_spec, upscale_spec

NO_PICTURE = control().payload() | {"image": None}


def message(**changes: Any) -> dict[str, Any]:
    return {"job_id": "J", "epoch": 1, "spec": {**tiny_spec().payload(), **changes}}


def test_a_good_spec() -> None:
    """What the bot wrote is read as it was."""
    assert decoding.read_spec(message()) == tiny_spec()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"width": 100}, ErrorCode.SIZE_OUT_OF_LIMITS),
        ({"height": 4096}, ErrorCode.SIZE_OUT_OF_LIMITS),
        ({"width": 2048, "height": 2048}, ErrorCode.SIZE_OUT_OF_LIMITS),
        ({"sampler": "magic"}, ErrorCode.BAD_OPTION),
        ({"num_inference_steps": 0}, ErrorCode.BAD_OPTION),
        ({"guidance_scale": "NaN"}, ErrorCode.BAD_OPTION),
        ({"prompt": "x" * 10_000}, ErrorCode.PROMPT_TOO_LONG),
        ({"seeds": []}, ErrorCode.BAD_OPTION),
    ],
)
def test_a_bad_option_is_named(changes: dict[str, Any], code: ErrorCode) -> None:
    """Each has a code, so the user gets a sentence; none is retried."""
    with pytest.raises(BadSpec) as caught:
        decoding.read_spec(message(**changes))
    assert caught.value.code is code
    assert not caught.value.retryable
    if "option" in caught.value.data:
        assert caught.value.data["option"] in changes


def test_no_prompt_in_the_error() -> None:
    """Details go to logs, and prompts never do."""
    with pytest.raises(BadSpec) as caught:
        decoding.read_spec(message(prompt="secret wish" * 1000))
    assert "secret" not in f"{caught.value} {caught.value.data}"


def test_a_missing_spec() -> None:
    """Half a message is an error of the sender, told like any other."""
    with pytest.raises(BadSpec):
        decoding.read_spec({"job_id": "J", "epoch": 1})


def test_no_render_task_at_all() -> None:
    """Without a job id nobody could be told."""
    with pytest.raises(ValidationError):
        decoding.read_envelope({"hello": "world"})


@pytest.mark.parametrize(
    ("spec", "changes", "code"),
    [
        (inpaint_spec(), {"mask": {"sha256": "b" * 64, "width": 32, "height": 64}}, ErrorCode.MASK_SIZE),
        (tiny_spec(controls=(control(),)), {"controls": [NO_PICTURE]}, ErrorCode.CONTROL_WITHOUT_IMAGE),
        (image_spec(), {"image": {"sha256": "a" * 64, "width": 8000, "height": 8000}}, ErrorCode.INPUT_TOO_LARGE),
        (image_spec(), {"strength": "NaN"}, ErrorCode.BAD_OPTION),
        (tiny_spec(loras=(lora(),)), {"loras": [{**lora().payload(), "weight": 3}]}, ErrorCode.BAD_OPTION),
        (tiny_spec(), {"kind": "video"}, ErrorCode.BAD_OPTION),
        (upscale_spec(), {"factor": 3}, ErrorCode.BAD_OPTION),
    ],
)
def test_each_kind_is_checked(spec: BaseSpec, changes: dict[str, Any], code: ErrorCode) -> None:
    """A code each, whatever the sender overlooked."""
    with pytest.raises(BadSpec) as caught:
        decoding.read_spec({"job_id": "J", "epoch": 1, "spec": spec.payload() | changes})
    assert caught.value.code is code


def test_an_upscaled_picture_may_be_larger_than_a_drawn_one() -> None:
    """It is drawn tile by tile."""
    order = upscale_spec(factor=4, image=PICTURE.model_copy(update={"width": 1024, "height": 1024}))
    assert decoding.read_spec({"spec": order.payload()}) == order
