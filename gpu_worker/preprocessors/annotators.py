"""controlnet-aux, one detector at a time.

Importing the package imports all eighteen detectors with all that they need, of which some no longer works. So its
`__init__` is passed over: a bare package of that name lets single modules be imported.
"""

import importlib
import importlib.util
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from PIL import Image

PACKAGE = "controlnet_aux"
# Their files are pickles: torch opens them for tensors alone, whatever a caller asks for.
os.environ["TORCH_FORCE_WEIGHTS_ONLY_LOAD"] = "1"

Annotator = Callable[[Image.Image], Image.Image]


def build(detector: str, files: Sequence[Path], device: str) -> Annotator:
    """The detector with the weights in `files`, on the device.

    Raises:
        KeyError: it is none of controlnet-aux'.
        Exception: whatever opening broken weights raises.
    """
    return _BUILDERS[detector](files, device)


def module(name: str) -> Any:
    """A module of controlnet-aux, without its package's own imports.

    Raises:
        ModuleNotFoundError: it is not installed.
    """
    if PACKAGE not in sys.modules:
        found = importlib.util.find_spec(PACKAGE)
        if found is None or found.submodule_search_locations is None:
            message = "controlnet-aux is not installed; requirements/gpu.in names it"
            raise ModuleNotFoundError(message)
        package = ModuleType(PACKAGE)
        package.__path__ = list(found.submodule_search_locations)
        sys.modules[PACKAGE] = package
    return importlib.import_module(f"{PACKAGE}.{name}")


def _hed(files: Sequence[Path], device: str, **options: Any) -> Annotator:
    [weights] = files
    detector = module("hed").HEDdetector.from_pretrained(str(weights.parent), filename=weights.name).to(device)
    return lambda image: _run(detector, image, **options)


def _pidinet(files: Sequence[Path], device: str) -> Annotator:
    [weights] = files
    detector = module("pidi").PidiNetDetector.from_pretrained(str(weights.parent), filename=weights.name).to(device)
    return lambda image: _run(detector, image)


def _midas(files: Sequence[Path], device: str) -> Annotator:
    [weights] = files
    detector = module("midas").MidasDetector.from_pretrained(str(weights.parent), filename=weights.name).to(device)
    return lambda image: _run(detector, image)


def _lineart(files: Sequence[Path], device: str) -> Annotator:
    """Fine lines; without the second file, which is for coarse ones, the first serves for both."""
    fine, coarse = (files[0], files[-1])
    detector = (
        module("lineart")
        .LineartDetector.from_pretrained(
            str(fine.parent), filename=fine.name, coarse_filename=os.path.relpath(coarse, fine.parent)
        )
        .to(device)
    )
    return lambda image: _run(detector, image)


def _openpose(files: Sequence[Path], device: str) -> Annotator:
    """Bodies; hands and faces would need two models more."""
    [weights] = files
    pose = module("open_pose")
    detector = pose.OpenposeDetector(pose.Body(str(weights)).to(device))
    return lambda image: _run(detector, image, include_hand=False, include_face=False)


def _run(detector: Any, image: Image.Image, **options: Any) -> Image.Image:
    """At the picture's own resolution; detectors round sizes to multiples of 64, so the map is scaled back."""
    side = min(image.size)
    found = detector(image, detect_resolution=side, image_resolution=side, output_type="pil", **options)
    result: Image.Image = found.convert("RGB").resize(image.size, Image.Resampling.BILINEAR)
    return result


_BUILDERS: Mapping[str, Callable[[Sequence[Path], str], Annotator]] = {
    "hed": _hed,
    "hed_scribble": lambda files, device: _hed(files, device, scribble=True),
    "pidinet": _pidinet,
    "midas": _midas,
    "lineart": _lineart,
    "openpose": _openpose,
}
