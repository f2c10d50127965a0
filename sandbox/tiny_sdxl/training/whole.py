"""All stages: the base on two cores, then the others, two of them at a time."""

import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

from sandbox.tiny_sdxl.training import release
from sandbox.tiny_sdxl.training.base import trained_base
from sandbox.tiny_sdxl.training.controlnet import trained_controlnet
from sandbox.tiny_sdxl.training.lora import NAMES, trained_lora
from sandbox.tiny_sdxl.training.settings import Settings
from sandbox.tiny_sdxl.training.team import Team
from sandbox.tiny_sdxl.training.vae import trained_vae

# Each row has a core to itself once the base is done; each stage in it is a process of its own.
_ROWS: Final = (("decoder", "heart"), ("controlnet", "pastel"))
PARTS: Final = ("base", *(name for row in _ROWS for name in row))
_TEAM: Final = ("-m", "torch.distributed.run", "--nproc-per-node", "2")


def train_all(settings: Settings) -> None:
    """Every stage that is not done yet, and its weights. Raises CalledProcessError where one of them fails."""
    _process("base", settings, *_TEAM)
    with ThreadPoolExecutor(len(_ROWS)) as rows:
        list(rows.map(partial(_row, settings), _ROWS))


def _row(settings: Settings, names: Sequence[str]) -> None:
    for name in names:
        _process(name, settings)


def _process(name: str, settings: Settings, *start: str) -> None:
    """One part with one thread per process: threads inside every operation wait for each other far longer."""
    places = ("--work", str(settings.work), "--weights", str(settings.weights))
    command = [sys.executable, *start, "-m", "sandbox.tiny_sdxl", "train", "--only", name, *places]
    subprocess.run(command, check=True, env=os.environ | {"OMP_NUM_THREADS": "1"})


def train_one(name: str, settings: Settings) -> None:
    """One of PARTS, as far as it is not done; then its weights are written."""
    vae = trained_vae(settings, run=name == "base", decoder=False)
    base = trained_base(settings, vae, run=name == "base")
    if name == "controlnet":
        release.release_controlnet(trained_controlnet(settings, base, vae), settings.weights)
    elif name in NAMES:
        release.release_lora(name, trained_lora(name, settings, base, vae), settings.weights)
    elif Team().leads:
        release.release_checkpoint(base, trained_vae(settings, run=name == "decoder"), settings.weights)
