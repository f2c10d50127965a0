"""Weights for controlnet-aux' detectors: their true networks, random numbers, in the form of the published files."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from gpu_worker.preprocessors.annotators import module


def save(detector: str, folder: Path, *, seed: int = 3) -> list[Path]:
    """The detector's files, named as lllyasviel/Annotators names them, in the registry's order."""
    torch.manual_seed(seed)
    folder.mkdir(exist_ok=True)
    paths = []
    for name, make in _FILES[detector].items():
        torch.save(make(), folder / name)
        paths.append(folder / name)
    return paths


def names(detector: str) -> list[str]:
    """The published names of a detector's files, in its order."""
    return list(_FILES[detector])


def _lineart() -> Any:
    return module("lineart").Generator(3, 1, 3).state_dict()


def _hed() -> Any:
    return module("hed").ControlNetHED_Apache2().state_dict()


def _pidinet() -> Any:
    """As a trainer on several GPUs left it."""
    return {"state_dict": {f"module.{name}": each for name, each in module("pidi").pidinet().state_dict().items()}}


def _midas() -> Any:
    weights = module("midas.midas.dpt_depth").DPTDepthModel(backbone="vitb_rn50_384").state_dict()
    weights["scratch.output_conv.4.bias"] += 10  # behind it all that is negative is cut off
    return weights


def _openpose() -> Any:
    """Converted from Caffe: layers without the names of their stages."""
    stages = module("open_pose.model").bodypose_model().state_dict()
    return {name.split(".", 1)[1]: each for name, each in stages.items()}


_HED: Mapping[str, Callable[[], Any]] = {"ControlNetHED.pth": _hed}
_FILES: Mapping[str, Mapping[str, Callable[[], Any]]] = {
    "hed": _HED,
    "hed_scribble": _HED,
    "lineart": {"sk_model.pth": _lineart, "sk_model2.pth": _lineart},
    "midas": {"dpt_hybrid-midas-501f0c75.pt": _midas},
    "openpose": {"body_pose_model.pth": _openpose},
    "pidinet": {"table5_pidinet.pth": _pidinet},
}
DETECTORS = tuple(_FILES)
