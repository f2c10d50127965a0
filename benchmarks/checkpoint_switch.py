"""Going from one checkpoint to another: both in memory, against loading from disk each time.

With the tiny weights the figures say only that a switch costs no load; `EASEL_BENCH_WEIGHTS` names a folder of a
full-size SDXL pipeline, whose figures on a GPU are worth something.
"""

import os
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.results import report
from config.registry import DeviceOptions, Weights
from gpu_worker.diffusers_renderer import DiffusersRenderer, make_renderer
from gpu_worker.renderer import CheckpointFiles
from sandbox.studio import ROOT
from sandbox.weights import build_tiny_sdxl
from tasks.schema import CheckpointRef, TextToImageSpec

ROUNDS = 7
_ROOM_FOR_ONE_GB = 1e-9  # a byte: whatever comes next, all else leaves


def main() -> None:
    """Print and store the medians."""
    folder = Path(os.environ.get("EASEL_BENCH_WEIGHTS", ROOT / "var" / "weights" / "tiny-sdxl"))
    if not folder.exists():
        build_tiny_sdxl.build(ROOT / "var" / "weights")
    cached = _switches(make_renderer(), folder)
    loaded = _switches(make_renderer(DeviceOptions(cache_gb=_ROOM_FOR_ONE_GB)), folder)
    figures = {
        "cached_switch_ms": cached.switch_s * 1000,
        "load_from_disk_ms": loaded.switch_s * 1000,
        "load_to_cached_ratio": loaded.switch_s / cached.switch_s,
        "picture_after_cached_switch_ms": cached.picture_s * 1000,
        "picture_after_load_ms": loaded.picture_s * 1000,
    }
    report("checkpoint_switch", figures, note=f"{folder.name} twice, medians of {ROUNDS}; the picture has one step")


@dataclass(frozen=True)
class _Medians:
    """Seconds until the other checkpoint can draw, and of the picture that follows: nothing may be put off into it."""

    switch_s: float
    picture_s: float


def _switches(renderer: DiffusersRenderer, folder: Path) -> _Medians:
    refs = [
        CheckpointRef(id=name, format="folder", weights=Weights(source=f"file:{name}"), max_pixels=2**20)
        for name in ("one", "other")
    ]
    files = CheckpointFiles(folder)
    switches, pictures = [], []
    for number in range(ROUNDS + len(refs)):
        started = time.perf_counter()
        renderer.load(refs[number % 2], files)
        ready = time.perf_counter()
        _draw(renderer, refs[number % 2])
        switches.append(ready - started)
        pictures.append(time.perf_counter() - ready)
    return _Medians(median(switches[len(refs) :]), median(pictures[len(refs) :]))  # the first of each loads anyway


def _draw(renderer: DiffusersRenderer, ref: CheckpointRef) -> None:
    spec = TextToImageSpec(
        checkpoint=ref,
        prompt="a red star",
        width=64,
        height=64,
        num_inference_steps=1,
        guidance_scale=1.0,
        sampler="euler",
        seeds=(1,),
    )
    renderer.draw(spec, lambda _step, _steps: None)


if __name__ == "__main__":
    main()
