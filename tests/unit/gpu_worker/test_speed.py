"""A profile's device options take effect where they say, and the default changes nothing."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from config.registry import DeviceOptions
from gpu_worker import speed
from gpu_worker.cache import loading
from gpu_worker.cache.checkpoints import CheckpointCache
from gpu_worker.cache.loading import Components
from gpu_worker.cache.residents import Residents
from gpu_worker.device import Device
from gpu_worker.diffusers_renderer import DiffusersRenderer
from gpu_worker.renderer import CheckpointFiles
from gpu_worker.weights.fetcher import WeightsFetcher
from tasks.schema import CheckpointRef
from tests.specs import tiny_spec

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


class Operations(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """The names of the operations that reach the device."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.names: set[str] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.names.add(str(func))
        return func(*args, **(kwargs or {}))


@pytest.fixture
def components(tiny_ref: CheckpointRef, tmp_path: Path) -> Components:
    return loading.load(tiny_ref, WeightsFetcher(tmp_path).checkpoint(tiny_ref), Device("cpu", torch.float32))


def step(components: Components) -> torch.Tensor:
    """One call of the UNet."""
    unet = components.parts["unet"]
    generator = torch.Generator().manual_seed(1)
    size = unet.config.cross_attention_dim
    time_ids = torch.zeros(1, 6)
    pooled = unet.config.projection_class_embeddings_input_dim - 6 * unet.config.addition_time_embed_dim
    conditions = {"text_embeds": torch.zeros(1, pooled), "time_ids": time_ids}
    latents = torch.randn(1, 4, 8, 8, generator=generator)
    with torch.no_grad():
        drawn: torch.Tensor = unet(latents, 10, torch.zeros(1, 77, size), added_cond_kwargs=conditions).sample
    return drawn


def attention_operations(components: Components, options: DeviceOptions) -> set[str]:
    with speed.drawing(components.parts, options, pixels=1), Operations() as seen:
        step(components)
    return {name for name in seen.names if "attention" in name or "softmax" in name}


def test_the_attention_kernel_is_really_another(components: Components) -> None:
    """diffusers' own switch does nothing on SDXL and says nothing; this one is seen in what is executed."""
    usual = attention_operations(components, DeviceOptions())
    plain = attention_operations(components, DeviceOptions(attention="math"))
    assert any("flash" in name for name in usual)
    assert not any("flash" in name for name in plain)
    assert any("softmax" in name for name in plain)


def test_channels_last(components: Components) -> None:
    """The convolutions' weights lie in the other order."""
    weight = components.parts["unet"].conv_in.weight
    assert not weight.is_contiguous(memory_format=torch.channels_last)
    speed.prepare(components.parts, DeviceOptions(channels_last=True))
    assert components.parts["unet"].conv_in.weight.is_contiguous(memory_format=torch.channels_last)


def test_regional_compilation(components: Components) -> None:
    """The transformer blocks are compiled, and draw the same up to rounding."""
    before = step(components)
    torch._dynamo.utils.counters.clear()
    speed.prepare(components.parts, DeviceOptions(compile="regional"), compiler="eager")
    after = step(components)
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] > 0
    torch.testing.assert_close(after, before)


def test_the_vae_is_tiled_for_large_pictures_only(components: Components) -> None:
    """And whole again for the next job."""
    options = DeviceOptions(vae_tiling_above_pixels=64 * 64)
    vae = components.parts["vae"]
    with speed.drawing(components.parts, options, pixels=64 * 64):
        assert not vae.use_tiling
    with speed.drawing(components.parts, options, pixels=64 * 64 + 1):
        assert vae.use_tiling
    assert not vae.use_tiling


def test_the_precision_of_the_profile() -> None:
    """Some cards do bfloat16 better; auto is what we test with."""
    assert Device.best(DeviceOptions(dtype="bfloat16")).dtype is torch.bfloat16
    assert Device.best().dtype is (torch.float16 if torch.cuda.is_available() else torch.float32)
    assert Device.best(DeviceOptions(cache_gb=3)).cache_budget_bytes == 3_000_000_000


def test_the_defaults_change_no_picture(tiny_ref: CheckpointRef, tmp_path: Path) -> None:
    """A profile that says nothing draws what no profile draws."""
    files = WeightsFetcher(tmp_path).checkpoint(tiny_ref)
    drawn = []
    for device in (Device("cpu", torch.float32), Device.best(DeviceOptions(dtype="float32"))):
        renderer = DiffusersRenderer(device)
        renderer.load(tiny_ref, files)
        drawn.append(renderer.draw(tiny_spec(checkpoint=tiny_ref), lambda _step, _steps: None))
    assert drawn[0] == drawn[1]


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_cache_keeps_what_is_dear_and_wanted(tmp_path: Path) -> None:
    """Room for two: what took long to load stays before what did not, and what waiting jobs need before both."""
    clock = Clock()
    wanted: list[str] = []
    weights = tmp_path / "a.safetensors"
    weights.write_bytes(b"0123456789")

    def load(ref: CheckpointRef, _files: CheckpointFiles) -> Components:
        clock.now += 30.0 if ref.id == "dear" else 2.0
        return Components({}, zeros_for_empty_prompt=True, size_bytes=10)

    residents = Residents(budget_bytes=20, free_unused=lambda: None, wanted=lambda: wanted, clock=clock)
    cache = CheckpointCache(load, residents)

    def use(name: str) -> tuple[str, ...]:
        ref = CheckpointRef(id=name, format="single_file", weights={"source": f"file:{name}"}, max_pixels=4096)
        cache.ensure(ref, CheckpointFiles(weights))
        cache.get(ref)
        return cache.ids()

    use("dear")
    use("cheap")
    assert use("third") == ("dear", "third")
    wanted.append("third")
    assert use("fourth") == ("third", "fourth")
