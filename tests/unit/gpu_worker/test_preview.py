"""A small picture of what is being drawn, after a third and two thirds of a job's steps."""

import base64
import io

import numpy as np
import pytest
import torch
from PIL import Image

from gpu_worker.pipelines import preview
from gpu_worker.progress import ProgressReport
from gpu_worker.renderer import Picture
from tasks.schema import JobSpec
from tests.specs import image_spec, tiny_spec, upscale_spec
from tests.tiny_room import Room, gradient, input_ref
from tests.unit.gpu_worker.test_progress import MOMENT, Clock

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.mark.parametrize(("total", "steps"), [(30, {10, 20}), (4, {2, 3}), (3, {1, 2}), (2, {1}), (1, set())])
def test_when_there_is_something_to_see(total: int, steps: set[int]) -> None:
    """A third and two thirds, never at the end: then the picture itself comes."""
    assert preview.due(total) == steps


def seen(room: Room, order: JobSpec) -> list[tuple[int, Picture]]:
    """(step, picture) as the lane tells them; and the pictures are those that nobody previewed."""
    last, found = [0], []
    spec = order.model_copy(update={"checkpoint": room.ref})
    drawing = room.renderer.draw(
        spec,
        lambda step, _steps: last.__setitem__(0, step),
        room.materials(),
        on_preview=lambda picture: found.append((last[0], picture)),
    )
    assert drawing.pictures == room.draw(order)
    return found


def test_two_a_job(room: Room) -> None:
    """Over all its pictures, each of the one that is being drawn then; looking changes no bit."""
    found = seen(room, tiny_spec(num_inference_steps=3, seeds=(7, 8, 9), width=96))
    assert [(step, picture.seed) for step, picture in found] == [(3, 7), (6, 8)]
    assert {(picture.width, picture.height) for _, picture in found} == {(12, 8)}
    assert found[0][1].rgb != found[1][1].rgb


def test_other_kinds(room: Room) -> None:
    """A picture that is drawn over is seen, too; a tile of an upscale shows nothing."""
    picture = input_ref(gradient())
    assert len(seen(room, image_spec(image=picture, strength=1.0, num_inference_steps=6))) == 2
    assert seen(room, upscale_spec(image=picture, tile=96, num_inference_steps=6)) == []


def test_colours() -> None:
    """Nothing is grey, the first channel is brightness, noise stays within bounds; large ones are made small."""
    grey = np.frombuffer(preview.of_latents(torch.zeros(1, 4, 16, 16), 1).rgb, np.uint8)
    assert set(grey.tolist()) == {150, 140, 130}
    bright = torch.zeros(1, 4, 16, 16)
    bright[:, 0] = 1
    assert np.frombuffer(preview.of_latents(bright, 1).rgb, np.uint8).min() > 180
    large = preview.of_latents(torch.randn(1, 4, 256, 128, generator=torch.Generator().manual_seed(1)) * 14, 1)
    assert (large.width, large.height) == (64, 128)
    assert 40 < np.frombuffer(large.rgb, np.uint8).mean() < 215


def test_it_goes_with_the_next_news_once() -> None:
    """And is small enough for a channel."""
    clock = Clock()
    progress = ProgressReport("job", 1, worker_id="w", now=lambda: MOMENT, clock=clock)
    progress.note_step(10, 30, seconds_left=1.0)
    progress.note_preview(Picture(seed=1, width=128, height=96, rgb=bytes(range(256)) * 144))
    first = progress.due()
    assert first is not None
    assert first.step == 10
    assert Image.open(io.BytesIO(base64.b64decode(first.preview))).size == (128, 96)
    assert len(first.preview) < 16_000
    clock.now += 1
    progress.note_step(11, 30, seconds_left=1.0)
    second = progress.due()
    assert second is not None
    assert second.preview == ""
