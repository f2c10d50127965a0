"""The nine shapes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.aspects import ASPECTS, MIN_SIDE, size_for
from tests.unit.bot.registries import SDXL, checkpoint


@pytest.mark.parametrize(
    ("aspect", "size"),
    [
        (None, (1024, 1024)),
        ("1:1", (1024, 1024)),
        ("4:5", (896, 1152)),
        ("3:4", (896, 1152)),
        ("2:3", (832, 1216)),
        ("9:16", (768, 1344)),
        ("16:9", (1344, 768)),
        ("3:2", (1216, 832)),
    ],
)
def test_sdxl_gets_the_sizes_that_it_was_trained_on(aspect: str | None, size: tuple[int, int]) -> None:
    """Other sizes of the same shape give doubled heads."""
    assert size_for(SDXL, aspect) == size


@given(
    st.sampled_from(sorted(ASPECTS)), st.integers(8, 128).map(lambda n: n * 8), st.integers(8, 128).map(lambda n: n * 8)
)
def test_every_shape_of_every_model_can_be_drawn(aspect: str, width: int, height: int) -> None:
    """Multiples of 8, not under 64, the right way up, and no more pixels than the model's own size."""
    model = checkpoint(defaults={"steps": 4, "cfg": 5, "width": width, "height": height})
    across, down = ASPECTS[aspect]
    drawn_width, drawn_height = size_for(model, aspect)
    assert drawn_width % 8 == drawn_height % 8 == 0
    assert min(drawn_width, drawn_height) >= MIN_SIDE
    assert (drawn_width - drawn_height) * (across - down) >= 0
    assert drawn_width * drawn_height <= max(width * height, MIN_SIDE * MIN_SIDE * 2)


def test_small_models_keep_their_shape() -> None:
    """The sandbox's 64-pixel model draws wide pictures, too."""
    assert size_for(checkpoint(), "16:9") == (112, 64)
