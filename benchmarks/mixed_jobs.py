"""`python -m benchmarks.mixed_jobs`: many jobs of all kinds in one process, with LoRAs and ControlNets in mixture.

Two figures: how much the process grows after the first hundred jobs, and how many pictures differ from the one that a
fresh renderer, or for a sample a fresh process, makes of the same order. Tiny weights on the CPU.
"""

import hashlib
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import psutil
import torch
from PIL import Image

from benchmarks.results import report
from config.registry import Weights
from gpu_worker.device import Device
from gpu_worker.diffusers_renderer import DiffusersRenderer, quiet_libraries
from gpu_worker.renderer import CheckpointFiles, Materials
from sandbox.weights import build_tiny_controlnet, build_tiny_lora, build_tiny_sdxl
from tasks.schema import CheckpointRef, InputRef, JobSpec, read_spec

JOBS = 500
SETTLED = 100  # jobs after which nothing should grow any more
PROCESS_EVERY = 25
KINDS = ("text_to_image", "image_to_image", "inpaint", "upscale")
SAMPLERS = ("euler", "euler_a", "dpmpp_2m_karras", "dpmpp_2m_sde", "unipc", "ddim", "heun")
PROMPTS = ("a red fox", "a (red:1.3) [fox] BREAK at night", "a fox " * 60, "naïve 猫")
SIZES = ((64, 64), (96, 64), (64, 80))


class Studio:
    """Weights and pictures in a folder, and orders that use them."""

    def __init__(self, folder: Path) -> None:
        build_tiny_sdxl.build(folder)
        checkpoint = folder / "tiny-sdxl"
        self.files = CheckpointFiles(weights=checkpoint)
        self.ref = CheckpointRef(
            id="tiny-sdxl", format="folder", weights=Weights(source=f"file:{checkpoint}"), max_pixels=2**20
        )
        layers = [build_tiny_lora.matrices(rank=rank, seed=rank) for rank in (2, 4, 9)]
        loras = {
            f"lora{number}": build_tiny_lora.save_kohya(folder / f"lora{number}.safetensors", each, alpha=2.0)
            for number, each in enumerate(layers)
        }
        nets = {
            f"net{number}": build_tiny_controlnet.build(checkpoint, folder / f"net{number}", seed=number)
            for number in range(2)
        }
        pictures = {"a" * 64: _picture(), "b" * 64: _picture().rotate(90), "c" * 64: _mask()}
        self.materials = Materials(pictures, loras, nets, {})

    def renderer(self) -> DiffusersRenderer:
        """A fresh one with the checkpoint loaded."""
        made = DiffusersRenderer(Device("cpu", torch.float32))
        made.load(self.ref, self.files)
        return made

    def order(self, number: int) -> JobSpec:
        """The same for a number, for ever."""
        chance = random.Random(number)  # noqa: S311 - no secret
        kind = chance.choice(KINDS)
        values: dict[str, Any] = {
            "kind": kind,
            "checkpoint": self.ref.payload(),
            "prompt": chance.choice(PROMPTS),
            "negative_prompt": chance.choice(("", "dull")),
            "num_inference_steps": chance.randint(2, 3),
            "guidance_scale": chance.choice((1.0, 5.0)),
            "sampler": chance.choice(SAMPLERS),
            "seeds": [chance.randrange(2**32) for _ in range(chance.randint(1, 2))],
            "loras": self._loras(chance),
            "controls": self._controls(chance),
        }
        return read_spec(values | _of_kind(kind, chance))

    def _loras(self, chance: random.Random) -> list[dict[str, Any]]:
        names = chance.sample(sorted(self.materials.loras), chance.choice((0, 0, 1, 2)))
        return [{"id": name, "weights": _nowhere(), "weight": chance.choice((-0.5, 0.0, 0.8))} for name in names]

    def _controls(self, chance: random.Random) -> list[dict[str, Any]]:
        names = chance.sample(sorted(self.materials.controlnets), chance.choice((0, 0, 0, 1, 2)))
        return [
            {
                "id": name,
                "weights": _nowhere(),
                "kind": chance.choice(("canny", "tile")),
                "image": _ref("a"),
                "weight": chance.choice((0.0, 0.7)),
                "end": chance.choice((0.5, 1.0)),
            }
            for name in names
        ]


def draw(renderer: DiffusersRenderer, studio: Studio, order: JobSpec) -> str:
    """A hash of all pictures of one order."""
    pictures = renderer.draw(order, lambda _step, _steps: None, studio.materials).pictures
    return hashlib.sha256(b"".join(picture.rgb for picture in pictures)).hexdigest()


def _of_kind(kind: str, chance: random.Random) -> dict[str, Any]:
    width, height = chance.choice(SIZES)
    size = {"width": width, "height": height}
    strength = chance.choice((0.0, 0.4, 1.0))
    options: dict[str, dict[str, Any]] = {
        "text_to_image": dict(size),
        "image_to_image": {**size, "image": _ref("b"), "strength": strength},
        "inpaint": {**size, "image": _ref("b"), "mask": _ref("c"), "strength": strength},
        "upscale": {"image": _ref("b"), "detail": strength, "tile": 96},
    }
    return options[kind]


def _ref(letter: str) -> dict[str, Any]:
    return InputRef(sha256=letter * 64, width=64, height=64).payload()


def _nowhere() -> dict[str, Any]:
    return Weights(source="file:at-hand").model_dump()


def _picture() -> Image.Image:
    ramp = Image.linear_gradient("L").resize((64, 64))
    return Image.merge("RGB", (ramp, ramp.rotate(180), Image.radial_gradient("L").resize((64, 64))))


def _mask() -> Image.Image:
    mask = Image.new("L", (64, 64))
    mask.paste(255, (16, 16, 48, 48))
    return mask


def main() -> None:
    """Print and store the figures; with numbers as arguments only those orders' hashes, for a fresh process."""
    quiet_libraries()
    with tempfile.TemporaryDirectory() as folder:
        studio = Studio(Path(folder))
        if sys.argv[1:] and sys.argv[1].isdigit():
            renderer = studio.renderer()
            for number in sys.argv[1:]:
                sys.stdout.write(f"{number} {draw(renderer, studio, studio.order(int(number)))}\n")
            return
        _report(studio)


def _report(studio: Studio) -> None:
    process, renderer = psutil.Process(), studio.renderer()
    hashes, settled = [], 0
    for number in range(JOBS):
        hashes.append(draw(renderer, studio, studio.order(number)))
        if number + 1 == SETTLED:
            settled = process.memory_info().rss
    growth = process.memory_info().rss / settled - 1
    other_renderer = sum(
        draw(studio.renderer(), studio, studio.order(number)) != found for number, found in enumerate(hashes)
    )
    sample = range(0, JOBS, PROCESS_EVERY)
    other_process = sum(fresh_process(number) != hashes[number] for number in sample)
    figures = {
        "jobs": JOBS,
        f"growth_after_{SETTLED}_percent": 100 * growth,
        "different_from_a_fresh_renderer": other_renderer,
        "fresh_processes": len(sample),
        "different_from_a_fresh_process": other_process,
    }
    report("mixed_jobs", figures, note="tiny weights on the CPU; aim: growth under 2 %, no picture different")


def fresh_process(number: int) -> str:
    """The hash of one order, from a process that has drawn nothing else."""
    command = [sys.executable, "-m", "benchmarks.mixed_jobs", str(number)]
    ended = subprocess.run(command, capture_output=True, check=True, text=True)
    return ended.stdout.split()[-1]


if __name__ == "__main__":
    main()
