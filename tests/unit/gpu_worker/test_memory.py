"""A card on which a picture hardly fits: the second attempt needs less, draws the same and leaves nothing behind."""

import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gpu_worker.renderer import Picture
from gpu_worker.thrift import tiled
from sandbox.weights import build_tiny_controlnet
from tasks.errors import DeviceError, ErrorCode
from tasks.schema import JobSpec
from tests.specs import control, image_spec, inpaint_spec, tiny_spec, upscale_spec
from tests.tiny_room import Room, gradient, half_mask, input_ref

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

FOLLOWING = {"controls": (control(image=input_ref(gradient())),)}
FROM_PICTURE = {"image": input_ref(gradient()), "num_inference_steps": 4}


@dataclass
class SmallCard:
    """Stands for the allocator of a card without room: layers ask it for what they are about to compute.

    `most_samples` fit into it at once, and `most_latents` on a side; `words` are what it refuses with.
    """

    most_samples: int = 4
    most_latents: int = 1000
    words: str = "CUDA out of memory. Tried to allocate 2.00 GiB."
    error: type[RuntimeError] = torch.OutOfMemoryError
    seen: list[tuple[int, ...]] = field(default_factory=list)
    refused: list["weakref.ref[torch.Tensor]"] = field(default_factory=list)
    kept_at_retry: int = 0

    def allocate(self, _layer: Any, given: tuple[torch.Tensor, ...]) -> None:
        """A forward pre-hook. Raises where it is full."""
        batch = given[0]
        self.kept_at_retry = max(self.kept_at_retry, sum(each() is not None for each in self.refused))
        self.seen.append(tuple(batch.shape))
        if len(batch) > self.most_samples or max(batch.shape[2:]) > self.most_latents:
            self.refused.append(weakref.ref(batch))
            raise self.error(self.words)

    @contextmanager
    def under(self, *networks: Any) -> Iterator["SmallCard"]:
        """While the first layer of each asks this card."""
        hooks = [network.conv_in.register_forward_pre_hook(self.allocate) for network in networks]
        try:
            yield self
        finally:
            for hook in hooks:
                hook.remove()


@pytest.fixture(autouse=True, scope="module")
def _controlnet(room: Room, tiny_weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    folder = tmp_path_factory.mktemp("controlnets") / "edges"
    room.controlnets = {"edges": build_tiny_controlnet.build(tiny_weights / "tiny-sdxl", folder, seed=0)}
    yield
    room.controlnets = {}


def parts(room: Room) -> Any:
    return room.renderer._cache.get(room.ref).parts


def controlnet(room: Room) -> Any:
    return room.renderer._controlnets.get(FOLLOWING["controls"][0], room.controlnets["edges"], cross_attention_dim=96)


def most_apart(one: list[Picture], other: list[Picture]) -> int:
    """The largest difference of any byte."""
    pairs = zip(one, other, strict=True)
    arrays = [(np.frombuffer(a.rgb, np.uint8).astype(int), np.frombuffer(b.rgb, np.uint8)) for a, b in pairs]
    return max(int(np.abs(a - b).max()) for a, b in arrays)


@pytest.mark.parametrize(
    "order",
    [
        tiny_spec(seeds=(1, 2)),
        tiny_spec(**FOLLOWING),
        tiny_spec(controls=2 * FOLLOWING["controls"]),
        image_spec(**FROM_PICTURE),
        inpaint_spec(**FROM_PICTURE | {"mask": input_ref(half_mask())}),
        upscale_spec(**FROM_PICTURE | FOLLOWING | {"tile": 64}),
    ],
)
def test_the_halves_of_guidance_one_after_the_other(room: Room, order: JobSpec) -> None:
    """Every kind, with and without ControlNets: half the batch, the same picture, and the next job is as ever."""
    expected = room.draw(order)
    networks = [parts(room)["unet"], controlnet(room)]
    with SmallCard(most_samples=1).under(*networks) as card:
        drawn = room.draw(order)
    assert [shape[0] for shape in card.seen[:2]] == [2, 1]
    assert {shape[0] for shape in card.seen[1:]} == {1}
    assert most_apart(drawn, expected) <= 1
    assert not any("forward" in vars(network) for network in networks)
    assert room.draw(order) == expected


def test_the_vae_in_tiles(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also of a usual picture, no larger than the tiles that diffusers would take: SDXL's are of 1024 pixels."""
    vae, order = parts(room)["vae"], tiny_spec(width=640, height=128, num_inference_steps=1)
    monkeypatch.setattr(vae, "tile_sample_min_size", 1024)
    monkeypatch.setattr(vae, "tile_latent_min_size", 128)
    expected = room.draw(order)
    with SmallCard(most_latents=64).under(vae.decoder) as card:
        [drawn] = room.draw(order)
    assert (drawn.width, drawn.height) == (640, 128)
    assert [shape[2:] for shape in card.seen[:2]] == [(16, 80), (16, 64)]
    assert (vae.use_tiling, vae.tile_sample_min_size, vae.tile_latent_min_size) == (False, 1024, 128)
    assert room.draw(order) == expected


def test_a_vae_of_small_tiles_keeps_them(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """Never more than it would take itself."""
    vae = parts(room)["vae"]
    monkeypatch.setattr(vae, "tile_sample_min_size", 256)
    monkeypatch.setattr(vae, "tile_latent_min_size", 32)
    with tiled(vae):
        assert (vae.use_tiling, vae.tile_sample_min_size, vae.tile_latent_min_size) == (True, 256, 32)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (torch.OutOfMemoryError, "CUDA out of memory. Tried to allocate 2.00 GiB."),
        (torch.AcceleratorError, "CUDA error: out of memory"),
        (RuntimeError, "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    ],
)
def test_what_never_fits_is_told_once(room: Room, error: type[RuntimeError], words: str) -> None:
    """Two attempts and no third, whoever on the card says it; what they had computed is gone, the next job is fine."""
    order = tiny_spec(seeds=(1, 2))
    expected = room.draw(order)
    with SmallCard(most_samples=0, words=words, error=error).under(parts(room)["unet"]) as card:
        with pytest.raises(DeviceError) as caught:
            room.draw(order)
        assert caught.value.code is ErrorCode.OUT_OF_MEMORY
        assert caught.value.__context__ is None, "it would keep the frames, and they the card's memory"
    assert [shape[0] for shape in card.seen] == [2, 1]
    assert card.kept_at_retry == 0
    assert [each() for each in card.refused] == [None, None]
    assert room.draw(order) == expected


def test_another_error_is_no_lack_of_memory(room: Room) -> None:
    """It is not tried again, and keeps its name."""
    card = SmallCard(most_samples=0, words="mat1 and mat2 do not fit", error=RuntimeError)
    with card.under(parts(room)["unet"]), pytest.raises(RuntimeError, match="mat1"):
        room.draw(tiny_spec())
    assert len(card.seen) == 1
