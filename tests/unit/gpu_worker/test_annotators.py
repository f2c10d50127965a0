"""The detectors of controlnet-aux, run for real: true networks, random weights, in files of the published form."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, get_args

import pytest
import torch
from torch.nn.modules.module import register_module_forward_hook

from config.loading import DEFAULT_DIRECTORY, load_registry
from config.registry import Control, Detector
from gpu_worker.controls.maps import MapStore, detector_of
from gpu_worker.device import Device
from gpu_worker.preprocessors.detectors import Detectors
from tasks.errors import ErrorCode, WeightsError
from tasks.references import ControlRef, PreprocessorRef
from tests import annotator_weights
from tests.specs import control
from tests.tiny_room import gradient

pytestmark = [
    pytest.mark.filterwarnings("ignore:Mapping deprecated model name:UserWarning"),
    pytest.mark.filterwarnings("ignore:Please import .gaussian_filter.:DeprecationWarning"),
]
CPU = Device("cpu", torch.float32)
NETWORKS = {
    "hed": "Conv2d",  # its own class is called past PyTorch's hooks
    "hed_scribble": "Conv2d",
    "lineart": "Generator",
    "midas": "DPTDepthModel",
    "openpose": "bodypose_model",
    "pidinet": "PiDiNet",
}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Half a gigabyte for MiDaS: not to be kept as pytest keeps its folders."""
    yield tmp_path
    for path in tmp_path.glob("*.pt*"):
        path.unlink()


@contextmanager
def computed() -> Iterator[set[str]]:
    """The classes of the networks that run meanwhile."""
    names: set[str] = set()
    hook = register_module_forward_hook(lambda network, *_: names.add(type(network).__name__))
    try:
        yield names
    finally:
        hook.remove()


@pytest.mark.parametrize("detector", annotator_weights.DETECTORS)
def test_every_detector_runs(detector: str, folder: Path) -> None:
    """Opened from a file of the published form, computed, scaled back to the picture; the same twice."""
    files = annotator_weights.save(detector, folder)
    detectors = Detectors(CPU)
    with computed() as networks:
        found = detectors.detect(detector, gradient((72, 64)), files, item="edges")
    assert NETWORKS[detector] in networks
    assert (found.size, found.mode) == ((72, 64), "RGB")
    assert found.tobytes() == detectors.detect(detector, gradient((72, 64)), files, item="edges").tobytes()


@pytest.mark.parametrize("detector", ["hed", "lineart", "midas", "pidinet"])
def test_a_detectors_weights_are_those_of_its_file(detector: str, folder: Path) -> None:
    """Other numbers, another map. OpenPose finds nobody with random ones."""
    one, other = (
        Detectors(CPU).detect(
            detector, gradient((72, 64)), annotator_weights.save(detector, folder, seed=seed), item="x"
        )
        for seed in (3, 4)
    )
    assert one.tobytes() != other.tobytes()


def test_a_device_without_room_gets_back_what_detectors_take(folder: Path) -> None:
    """Their maps stay, and they come back when another picture asks."""
    files = annotator_weights.save("hed", folder)
    maps = MapStore(CPU)
    softedge = control(kind="softedge", preprocessor=PreprocessorRef(id="hed", detector="hed"))
    found = maps.get(softedge, gradient(), "a" * 64, (64, 64), files)
    assert maps._detectors._loaded
    maps.drop_detectors()
    assert not maps._detectors._loaded
    assert maps.get(softedge, gradient(), "a" * 64, (64, 64), files) is found
    assert maps.get(softedge, gradient(), "b" * 64, (64, 64), files).tobytes() == found.tobytes()


def shipped() -> list[ControlRef]:
    """The registry's ControlNets as an order names them."""
    registry = load_registry(DEFAULT_DIRECTORY)
    return [
        ControlRef.of(entry, preprocessor=registry.preprocessors.get(entry.preprocessor or ""))
        for entry in registry.controlnets.values()
    ]


def test_every_kind_of_control_ships_with_what_makes_its_map() -> None:
    """A member chooses a kind and gives a picture: nothing is missing on the way."""
    assert {ref.kind for ref in shipped()} == set(get_args(Control))
    made = {ref.kind: detector_of(ref) for ref in shipped()}
    assert [kind for kind, detector in made.items() if detector is None] == ["ready_made", "tile"]
    assert set(made.values()) - {None} <= set(get_args(Detector)) - {"mock"}


def test_shipped_preprocessors_name_the_published_files() -> None:
    """In the order in which the detector takes them."""
    for entry in load_registry(DEFAULT_DIRECTORY).preprocessors.values():
        assert [file.file for file in entry.files] == annotator_weights.names(entry.detector)


class Burglar:
    """What a hostile pickle is made of."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self) -> Any:
        return (Path.touch, (self.place,))


@pytest.mark.parametrize("detector", annotator_weights.DETECTORS)
def test_a_hostile_pickle_is_not_run(detector: str, tmp_path: Path) -> None:
    """It is opened for tensors alone, and told as broken."""
    torch.save({"norm": Burglar(tmp_path / "was-here")}, tmp_path / "evil.pth")
    with pytest.raises(WeightsError) as caught:
        Detectors(CPU).detect(detector, gradient(), [tmp_path / "evil.pth"], item="edges")
    assert caught.value.code is ErrorCode.WEIGHTS_BROKEN
    assert not (tmp_path / "was-here").exists()


def test_detectors_are_imported_one_by_one() -> None:
    """The others, with all that they need, stay out; some of them do not even import any more."""
    code = (
        "import sys; from gpu_worker.preprocessors.annotators import module; module('hed');"
        "names = [name for name in sys.modules if name.startswith('controlnet_aux.')];"
        "sys.exit(set(names) != {'controlnet_aux.hed', 'controlnet_aux.util'} or 'timm' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=Path(__file__).parents[3]).returncode == 0
