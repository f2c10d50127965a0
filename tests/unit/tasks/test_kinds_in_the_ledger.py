"""Every kind of order survives the ledger."""

from typing import Any

import pytest

from tasks.ledger.models import Job
from tests.specs import control, image_spec, inpaint_spec, lora, tiny_spec, upscale_spec


@pytest.mark.parametrize(
    "order", [tiny_spec(loras=(lora(),), controls=(control(),)), image_spec(), inpaint_spec(), upscale_spec()]
)
def test_it_is_read_as_it_was_written(order: Any) -> None:
    """Kind, companions and inputs."""
    assert Job(spec_json=order.payload()).spec == order
