"""What a change between two jobs costs, each beside what it would cost without our caches, in turns, in one run.

LoRAs: worn from the shelf, against diffusers' `load_lora_weights` of the file and `unload_lora_weights` each time.
A ControlNet's map: found by its picture's hash, against made by HED's true network (random numbers) each time.
Tiny weights on the CPU: the ratios say that nothing is done twice, not how fast a card is.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import torch
from diffusers import EulerDiscreteScheduler, StableDiffusionXLPipeline
from PIL import Image

from benchmarks.results import report
from config.registry import Weights
from gpu_worker.cache import loading
from gpu_worker.controls.maps import MapStore
from gpu_worker.device import Device
from gpu_worker.diffusers_renderer import quiet_libraries
from gpu_worker.loras.shelf import LoraShelf
from gpu_worker.preprocessors.annotators import module
from gpu_worker.renderer import CheckpointFiles
from sandbox.weights import build_tiny_lora, build_tiny_sdxl
from tasks.schema import CheckpointRef, ControlRef, LoraRef, PreprocessorRef

ROUNDS = 9
SIDE = 512
_CPU = Device("cpu", torch.float32)
_NOWHERE = Weights(source="file:at-hand")


def main() -> None:
    """Print and store the medians of each pair and their ratios."""
    quiet_libraries()
    with tempfile.TemporaryDirectory() as folder:
        figures = _loras(Path(folder)) | _maps(Path(folder))
    report("changes", figures, note=f"medians of {ROUNDS} pairs; ratio: without the cache to with it")


def _loras(folder: Path) -> dict[str, float]:
    build_tiny_sdxl.build(folder)
    files = CheckpointFiles(folder / "tiny-sdxl")
    ref = CheckpointRef(id="tiny", format="folder", weights=_NOWHERE, max_pixels=2**20)
    components, theirs = loading.load(ref, files, _CPU), loading.load(ref, files, _CPU)
    plain: Any = StableDiffusionXLPipeline(**theirs.parts, scheduler=EulerDiscreteScheduler(), add_watermarker=False)
    paths = {
        f"lora{number}": build_tiny_lora.save_kohya(
            folder / f"lora{number}.safetensors", build_tiny_lora.matrices(build_tiny_lora.UNET, seed=number)
        )
        for number in range(2)
    }
    shelf = LoraShelf()

    def ours(number: int) -> None:
        components.adapters.wear([LoraRef(id=f"lora{number % 2}", weights=_NOWHERE)], paths, shelf)

    def diffusers(number: int) -> None:
        plain.unload_lora_weights()
        path = paths[f"lora{number % 2}"]
        plain.load_lora_weights(str(path.parent), weight_name=path.name, local_files_only=True)

    return _pairs("lora_change", "plain_diffusers", ours, diffusers)


def _maps(folder: Path) -> dict[str, float]:
    weights = folder / "ControlNetHED.pth"
    torch.save(module("hed").ControlNetHED_Apache2().state_dict(), weights)
    picture = Image.linear_gradient("L").resize((SIDE, SIDE)).convert("RGB")
    hed = PreprocessorRef(id="hed", detector="hed")
    control = ControlRef(id="softedge", weights=_NOWHERE, kind="softedge", preprocessor=hed)
    maps = MapStore(_CPU)

    def ask(sha256: str) -> None:
        maps.get(control, picture, sha256, (SIDE, SIDE), [weights])

    return _pairs("map", "made_anew", lambda _number: ask("a" * 64), lambda number: ask(f"{number:064}"))


def _pairs(name: str, baseline: str, ours: Callable[[int], None], theirs: Callable[[int], None]) -> dict[str, float]:
    seconds: dict[str, list[float]] = {"ours": [], baseline: []}
    for number in range(ROUNDS + 2):
        for side, work in (("ours", ours), (baseline, theirs)):
            started = time.perf_counter()
            work(number)
            if number > 1:  # the first of each have to read their files
                seconds[side].append(time.perf_counter() - started)
    ratios = [slow / fast for fast, slow in zip(seconds["ours"], seconds[baseline], strict=True)]
    return {
        f"{name}_ms": 1000 * median(seconds["ours"]),
        f"{name}_{baseline}_ms": 1000 * median(seconds[baseline]),
        f"{name}_ratio_min": min(ratios),
        f"{name}_ratio_median": median(ratios),
        f"{name}_ratio_max": max(ratios),
    }


if __name__ == "__main__":
    main()
