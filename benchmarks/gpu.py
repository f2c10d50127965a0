"""SDXL at 1024x1024 on a GPU: our worker's renderer beside the plain diffusers pipeline, in turns, in one run.

Full size, random weights. Images a second, the share of the card's matrix peak as measured just before, and the memory
that drawing takes above the weights. Without a GPU it says so and measures nothing.
"""

import gc
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import torch
from diffusers import EulerDiscreteScheduler, StableDiffusionXLPipeline

from benchmarks import full_size
from benchmarks.results import report
from config.registry import Weights
from gpu_worker.device import cuda_trouble
from gpu_worker.diffusers_renderer import make_renderer
from gpu_worker.renderer import CheckpointFiles
from tasks.schema import CheckpointRef, TextToImageSpec

PAIRS = 5
_GB = 1e9


@dataclass(frozen=True)
class Preset:
    """`tflop` is the work of one picture: UNet, VAE's decoder and text encoders, counted with FlopCounterMode."""

    name: str
    steps: int
    cfg: float
    tflop: float
    side: int = 1024


PRESETS = (Preset("sdxl_30_steps_cfg", 30, 5.0, 416.0), Preset("lightning_4_steps", 4, 1.0, 37.5))


_Draw = Callable[[Preset, int], object]


@dataclass(frozen=True)
class Run:
    """One picture: its seconds, and the bytes that it took above what lay in memory before."""

    seconds: float
    extra_bytes: int


def main() -> None:
    """Print and store the figures, or say that there is no GPU here."""
    trouble = cuda_trouble()
    if trouble is not None:
        print(f"gpu: no GPU here, nothing was measured: {trouble}")
        return
    peak = matrix_peak("cuda", side=8192, dtype=torch.float16)
    with tempfile.TemporaryDirectory() as folder:
        weights = full_size.save(Path(folder), device="cuda", dtype=torch.float16)
        gc.collect()
        torch.cuda.empty_cache()
        figures = measure(weights, PRESETS, device="cuda", dtype=torch.float16, peak_flops=peak)
    note = f"{torch.cuda.get_device_name(0)}, torch {torch.__version__}, fp16, random weights, medians of {PAIRS} pairs"
    report("gpu", {"matrix_peak_tflops": peak / 1e12, **figures}, note=note)


def measure(
    weights: Path, presets: tuple[Preset, ...], *, device: str, dtype: torch.dtype, peak_flops: float
) -> dict[str, float]:
    """All figures of all presets, ours and plain diffusers' by name."""
    started = time.perf_counter()
    ours = _ours(weights)
    figures = {"load_s": time.perf_counter() - started}
    plain = _plain(weights, device=device, dtype=dtype)
    for preset in presets:
        figures |= _figures(preset, _runs(preset, {"ours": ours, "diffusers": plain}, device), peak_flops)
    return figures


def _runs(preset: Preset, sides: dict[str, _Draw], device: str) -> dict[str, list[Run]]:
    """In pairs, who begins in turns; the first pair warms both up."""
    runs: dict[str, list[Run]] = {name: [] for name in sides}
    for number in range(PAIRS + 1):
        for name in sides if number % 2 else reversed(sides):
            run = _timed(device, partial(sides[name], preset, number))
            if number:
                runs[name].append(run)
    return runs


def matrix_peak(device: str, *, side: int, dtype: torch.dtype) -> float:
    """FLOP a second of the best of ten products of square matrices."""
    one, other = (torch.randn(side, side, device=device, dtype=dtype) for _ in range(2))
    best = min(_timed(device, lambda: torch.mm(one, other)).seconds for _ in range(10))
    return 2 * side**3 / best


def _figures(preset: Preset, runs: dict[str, list[Run]], peak_flops: float) -> dict[str, float]:
    figures: dict[str, float] = {}
    for name, each in runs.items():
        seconds = median(run.seconds for run in each)
        figures |= {
            f"{preset.name}_{name}_images_per_s": 1 / seconds,
            f"{preset.name}_{name}_share_of_peak": preset.tflop * 1e12 / seconds / peak_flops,
            f"{preset.name}_{name}_extra_gb": max(run.extra_bytes for run in each) / _GB,
        }
    ratios = [mine.seconds / theirs.seconds for mine, theirs in zip(runs["ours"], runs["diffusers"], strict=True)]
    return figures | {f"{preset.name}_time_ratio_median": median(ratios), f"{preset.name}_time_ratio_max": max(ratios)}


def _ours(weights: Path) -> _Draw:
    renderer = make_renderer()
    source = Weights(source=f"file:{weights}")
    ref = CheckpointRef(id="full-size", format="folder", weights=source, max_pixels=2**21)
    renderer.load(ref, CheckpointFiles(weights))

    def draw(preset: Preset, seed: int) -> object:
        spec = TextToImageSpec(
            checkpoint=ref,
            prompt=f"a red star number {seed}",  # another one each time: a prompt that was encoded is remembered
            width=preset.side,
            height=preset.side,
            num_inference_steps=preset.steps,
            guidance_scale=preset.cfg,
            sampler="euler",
            seeds=(seed,),
        )
        return renderer.draw(spec, lambda _step, _steps: None)

    return draw


def _plain(weights: Path, *, device: str, dtype: torch.dtype) -> _Draw:
    pipeline: Any = StableDiffusionXLPipeline.from_pretrained(weights, dtype=dtype, add_watermarker=False).to(device)
    pipeline.set_progress_bar_config(disable=True)

    def draw(preset: Preset, seed: int) -> object:
        pipeline.scheduler = EulerDiscreteScheduler.from_config(pipeline.scheduler.config)
        return pipeline(
            prompt=f"a red star number {seed}",
            width=preset.side,
            height=preset.side,
            num_inference_steps=preset.steps,
            guidance_scale=preset.cfg,
            generator=torch.Generator("cpu").manual_seed(seed),
        )

    return draw


def _timed(device: str, work: Callable[[], object]) -> Run:
    is_cuda = device == "cuda"
    if is_cuda:
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated() if is_cuda else 0
    started = time.perf_counter()
    work()
    if is_cuda:
        torch.cuda.synchronize()
    seconds = time.perf_counter() - started
    return Run(seconds, torch.cuda.max_memory_allocated() - before if is_cuda else 0)


if __name__ == "__main__":
    main()
