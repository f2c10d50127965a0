"""What words, numbers and seeds do to the picture that a person sees, with the trained tiny SDXL."""

import numpy as np
import pytest

from config.registry import SAMPLERS
from sandbox.tiny_sdxl.world.measures import look
from tests.integration.gpu_worker.semantics.painter import SENTENCE, Painter, Pictures, share_right, shown

# Diffusers' arithmetic on torch tensors with numpy 2; nothing of ours.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
FEW_STEP_SAMPLERS = {"lcm", "tcd"}


def sharpness(pictures: Pictures) -> float:
    """The steepest edge of each picture, on average."""
    return float(np.mean([np.abs(np.diff(one.astype(float), axis=1)).max() for one in pictures]))


@pytest.mark.parametrize(
    "sentence",
    [
        SENTENCE,
        "a yellow circle on the left on a black background",
        "a green square at the bottom, white background",
        "a big pink ring on a purple background",
        "a blue circle on the left and a red square on the right on a yellow background",
    ],
)
def test_the_prompt(painter: Painter, sentence: str) -> None:
    """What is typed is what is drawn: shape, colour, place and background."""
    assert share_right(sentence, painter.words(prompt=sentence)) >= 0.75


def test_a_word_of_size(painter: Painter) -> None:
    """Small things are smaller than big ones."""
    radii = {}
    for word in ("small", "big"):
        drawn = painter.words(prompt=f"a {word} red circle on a white background")
        radii[word] = np.mean([look(one).things[0].radius for one in drawn])
    assert radii["small"] + 8 < radii["big"]


def test_the_negative_prompt(painter: Painter) -> None:
    """What it names is drawn less often."""
    seeds = [tuple(range(n, n + 4)) for n in (1, 5, 9)]
    left_open, word = "a ring on a white background", "red"
    without = [shown(word, painter.words(prompt=left_open, seeds=some)) for some in seeds]
    with_it = [shown(word, painter.words(prompt=left_open, negative_prompt=word, seeds=some)) for some in seeds]
    assert sum(with_it) == 0 < sum(without)


def test_guidance_scale(painter: Painter) -> None:
    """More guidance, more of what the words say; without it pictures of different seeds go apart."""
    spread = {}
    for guidance in (1.0, 5.0):
        drawn = np.stack(painter.words(guidance_scale=guidance, num_inference_steps=8)).astype(float)
        spread[guidance] = drawn.std(axis=0).mean()
    assert spread[5.0] < spread[1.0]


def test_num_inference_steps(painter: Painter) -> None:
    """One step is a blur, sixteen are a picture."""
    assert sharpness(painter.words(num_inference_steps=16)) > sharpness(painter.words(num_inference_steps=1))


def test_four_steps(painter: Painter) -> None:
    """What the registry calls `shapes-fast`: few steps without guidance."""
    assert share_right(SENTENCE, painter.words(num_inference_steps=4, guidance_scale=1.0)) >= 0.75


@pytest.mark.parametrize("sampler", sorted(set(SAMPLERS) - FEW_STEP_SAMPLERS))
def test_sampler(painter: Painter, sampler: str) -> None:
    """Every sampler for ordinary models ends at what was asked for."""
    assert share_right(SENTENCE, painter.words(sampler=sampler, num_inference_steps=20)) >= 0.75


def test_seeds(painter: Painter) -> None:
    """Another seed is another picture of the same thing."""
    one, other = painter.words(seeds=(1, 2))
    assert not np.array_equal(one, other)
    assert [thing.shape for thing in look(one).things] == [thing.shape for thing in look(other).things] == ["star"]


def test_width_and_height(painter: Painter) -> None:
    """A wider picture still shows the thing on its background."""
    [picture] = painter.words(prompt="a red circle on a white background", width=160, height=112, seeds=(1,))
    sight = look(picture)
    assert picture.shape == (112, 160, 3)
    assert sight.background == "white"
    assert "red" in [thing.colour for thing in sight.things]
