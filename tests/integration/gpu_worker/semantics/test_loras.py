"""What LoRAs do to the picture: a concept and a style, worn by the worker with the trained tiny SDXL."""

import numpy as np
import pytest

from config.registry import FusedLora
from sandbox.tiny_sdxl.world.measures import look, paleness
from tests.integration.gpu_worker.semantics.painter import (
    DRAWN,
    Painter,
    Pictures,
    lora,
    share_right,
    shown,
    trained_ref,
)

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def pale(pictures: Pictures) -> float:
    return float(np.mean([paleness(one) for one in pictures]))


def test_a_concept(painter: Painter) -> None:
    """Its word draws it at weight 1, and never without the LoRA."""
    sentence = "a red heart on a white background"
    assert shown("heart", painter.words(prompt=sentence, loras=(lora("heart", 1.0),))) >= 3
    without = painter.words(prompt=sentence, loras=(lora("heart", 0.0),))
    assert shown("heart", without) == 0
    assert all(np.array_equal(a, b) for a, b in zip(without, painter.words(prompt=sentence), strict=True))


def test_a_concept_is_only_drawn_when_asked_for(painter: Painter) -> None:
    """What the base knows it still draws."""
    sentence = "a yellow circle on a blue background"
    drawn = painter.words(prompt=sentence, loras=(lora("heart", 1.0),))
    assert shown("heart", drawn) == 0
    assert share_right(sentence, drawn) >= 0.75


def test_a_trigger_word(painter: Painter) -> None:
    """Added on request, it draws the concept that the prompt does not name."""
    hearts = {}
    for asked in (False, True):
        worn = lora("heart", 1.0, trigger_words=("heart",), add_trigger_words=asked)
        hearts[asked] = shown("heart", painter.words(prompt="on a white background, a big red", loras=(worn,)))
    assert hearts[False] == 0
    assert hearts[True] >= 3


def test_a_style(painter: Painter) -> None:
    """The more weight, the more of it is to be seen; the thing stays what it was."""
    drawn = {weight: painter.words(loras=(lora("pastel", weight),)) for weight in (0.0, 0.5, 1.0)}
    assert pale(drawn[0.0]) < pale(drawn[0.5]) < pale(drawn[1.0])
    assert [thing.shape for thing in look(drawn[1.0][0]).things] == ["star"]


def test_a_lora_that_belongs_to_the_checkpoint(painter: Painter) -> None:
    """Merged into the weights, the concept is there without being asked for by an option."""
    heart = FusedLora(source=f"file:{DRAWN / 'loras'}", file="heart.safetensors", weight=1.0)
    merged = trained_ref().model_copy(update={"id": "shapes-and-hearts", "fused_lora": heart})
    assert shown("heart", painter.with_checkpoint(merged).words(prompt="a red heart on a white background")) >= 3


def test_two_at_once(painter: Painter) -> None:
    """Concept and style together: a pale heart."""
    drawn = painter.words(
        prompt="a red heart on a blue background", loras=(lora("heart", 1.0), lora("pastel", 1.0)), seeds=(1, 2, 3, 4)
    )
    assert sum(any(thing.shape == "heart" for thing in look(one).things) for one in drawn) >= 3
    assert pale(drawn) > pale(painter.words(prompt="a red heart on a blue background", loras=(lora("heart", 1.0),)))
