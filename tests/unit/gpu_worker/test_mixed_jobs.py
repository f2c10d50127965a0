"""Jobs of all kinds in one process, in every mixture: no trace of one is in the next. The long run is a benchmark."""

import gc
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.mixed_jobs import KINDS, Studio, draw
from gpu_worker.device import Device
from gpu_worker.diffusers_renderer import DiffusersRenderer

pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*reduce_op.*:FutureWarning"),
]
NUMBERS = range(24)
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Studio:
    return Studio(tmp_path_factory.mktemp("studio"))


def test_the_mixture_is_a_mixture(studio: Studio) -> None:
    """Every kind, with and without companions."""
    orders = [studio.order(number) for number in NUMBERS]
    assert {order.kind for order in orders} == set(KINDS)
    assert {len(order.loras) for order in orders} >= {0, 1, 2}
    assert {len(order.controls) for order in orders} >= {0, 1}


def test_a_long_life_draws_like_a_fresh_process(studio: Studio) -> None:
    """One process draws them in turn, another backwards: each picture is the same."""
    renderer = studio.renderer()
    here = {number: draw(renderer, studio, studio.order(number)) for number in NUMBERS}
    command = [sys.executable, "-m", "benchmarks.mixed_jobs", *map(str, reversed(NUMBERS))]
    ended = subprocess.run(command, capture_output=True, check=True, text=True, cwd=ROOT)
    there = {int(line.split()[0]): line.split()[1] for line in ended.stdout.splitlines()}
    assert there == here


def test_a_fresh_renderer_draws_the_same(studio: Studio) -> None:
    """Whatever was loaded, worn or remembered before."""
    renderer = studio.renderer()
    for number in list(NUMBERS)[::4]:
        order = studio.order(number)
        assert draw(renderer, studio, order) == draw(studio.renderer(), studio, order), order


def test_nothing_is_left_behind(studio: Studio) -> None:
    """After a second round there are as many tensors as after the first."""
    renderer = studio.renderer()

    def tensors_after_a_round() -> int:
        for number in list(NUMBERS)[:12]:
            draw(renderer, studio, studio.order(number))
        gc.collect()
        return sum(isinstance(thing, torch.Tensor) for thing in gc.get_objects())

    assert tensors_after_a_round() >= tensors_after_a_round()


def test_half_precision_draws_nearly_the_same(studio: Studio) -> None:
    """What a GPU works with: LoRAs, ControlNets and every kind in fp16, to within a few shades of fp32."""
    half = DiffusersRenderer(Device("cpu", torch.float16))
    half.load(studio.ref, studio.files)
    full = studio.renderer()
    for number in (0, 2, 8, 9, 13):
        drawn = [
            renderer.draw(studio.order(number), lambda _step, _steps: None, studio.materials).pictures[0].rgb
            for renderer in (half, full)
        ]
        one, other = (np.frombuffer(each, np.uint8).astype(int) for each in drawn)
        assert np.abs(one - other).mean() < 1
