"""Steps and cfg are moved into the checkpoint's range, and it is said."""

from tasks.clamping import Clamp, clamped
from tasks.references import StepLimits
from tests.specs import TINY_REF, image_spec, tiny_spec

FEW_STEPS = TINY_REF.model_copy(update={"limits": StepLimits(min_steps=4, max_steps=8, min_cfg=0, max_cfg=2)})


def test_a_few_step_model_gets_few_steps() -> None:
    """Thirty steps at cfg 7 would burn a Lightning picture."""
    order, clamps = clamped(tiny_spec(checkpoint=FEW_STEPS, num_inference_steps=30, guidance_scale=7))
    assert (order.num_inference_steps, order.guidance_scale) == (8, 2)
    assert clamps == (Clamp("steps", 8, 4, 8), Clamp("cfg", 2, 0, 2))


def test_too_few_steps_become_enough() -> None:
    """The lower end counts too, for every kind."""
    order, clamps = clamped(image_spec(checkpoint=FEW_STEPS, num_inference_steps=1, guidance_scale=1))
    assert order.num_inference_steps == 4
    assert clamps == (Clamp("steps", 4, 4, 8),)


def test_within_the_range_nothing_changes() -> None:
    """The very same spec comes back."""
    order = tiny_spec(checkpoint=FEW_STEPS, num_inference_steps=4, guidance_scale=1)
    assert clamped(order) == (order, ())
    assert clamped(tiny_spec(num_inference_steps=150)) == (tiny_spec(num_inference_steps=150), ())
