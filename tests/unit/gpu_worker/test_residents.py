"""Checkpoints and ControlNets share one budget, and nothing leaves under the job that draws with it."""

from pathlib import Path

import pytest
import torch

from gpu_worker.cache.residents import Loaded, Residents
from gpu_worker.device import Device
from gpu_worker.diffusers_renderer import DiffusersRenderer
from gpu_worker.renderer import CheckpointFiles, Materials
from sandbox.weights import build_tiny_controlnet
from tasks.schema import CheckpointRef, JobSpec
from tests.specs import control, tiny_spec
from tests.tiny_room import gradient, input_ref, silent

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


class Memory:
    """Residents that hold words; loading one takes as many seconds as it says."""

    def __init__(self, budget: int) -> None:
        self.now = 0.0
        self.wanted: list[str] = []
        self.residents = Residents(
            budget_bytes=budget, free_unused=lambda: None, wanted=lambda: self.wanted, clock=lambda: self.now
        )

    def use(self, name: str, *, kind: str = "checkpoint", size: int = 10, takes_s: float = 5.0) -> None:
        def load() -> Loaded[str]:
            self.now += takes_s
            return Loaded(name, size)

        self.residents.ensure(name, kind=kind, name=name, size_bytes=size, load=load)
        assert self.residents.use(name) == name

    @property
    def names(self) -> set[str]:
        return {*self.residents.names("checkpoint"), *self.residents.names("controlnet")}


def test_both_kinds_count_in_one_budget() -> None:
    """A ControlNet that is seldom used leaves for a checkpoint, and the other way round."""
    memory = Memory(25)
    for name, kind, size in [("base", "checkpoint", 10), ("depth", "controlnet", 5), ("pose", "controlnet", 5)]:
        with memory.residents.drawing():
            memory.use(name, kind=kind, size=size)
    assert memory.residents.names("controlnet") == ("depth", "pose")
    for _ in range(3):
        with memory.residents.drawing():
            memory.use("pose", kind="controlnet", size=5)
    with memory.residents.drawing():
        memory.use("other", takes_s=50)
    assert memory.names == {"depth", "pose", "other"}  # a byte of either is worth more than one of the large base


def test_what_a_job_draws_with_makes_no_room() -> None:
    """Its checkpoint stays while its ControlNets are loaded, however small the budget is; afterwards it may leave."""
    memory = Memory(20)
    with memory.residents.drawing():
        memory.use("base", size=15)
        memory.use("depth", kind="controlnet")
        memory.use("pose", kind="controlnet")
        assert memory.names == {"base", "depth", "pose"}
        memory.residents.drop_unused()
        assert memory.names == {"base", "depth", "pose"}
    memory.use("tile", kind="controlnet")
    assert "base" not in memory.names


def test_what_waiting_jobs_follow_stays() -> None:
    """ControlNets are looked ahead for as checkpoints are."""
    memory = Memory(20)
    memory.wanted = ["depth"]
    for name in ("depth", "pose", "tile"):
        with memory.residents.drawing():
            memory.use(name, kind="controlnet")
    assert memory.names == {"depth", "tile"}


def test_a_controlnet_beside_a_tiny_budget(tiny_ref: CheckpointRef, tiny_weights: Path, tmp_path: Path) -> None:
    """The real ones: drawn with, named, and gone when the next job's does not fit beside it."""
    files = CheckpointFiles(tiny_weights / "tiny-sdxl")
    nets = {
        name: build_tiny_controlnet.build(files.weights, tmp_path / name, seed=number)
        for number, name in enumerate(("depth", "pose"))
    }
    renderer = DiffusersRenderer(Device("cpu", torch.float32), cache_budget_bytes=1)
    renderer.load(tiny_ref, files)
    materials = Materials({input_ref(gradient()).sha256: gradient()}, {}, nets)

    def order(*names: str) -> JobSpec:
        controls = tuple(control(id=name, image=input_ref(gradient()), kind="tile") for name in names)
        return tiny_spec(checkpoint=tiny_ref, controls=controls)

    assert renderer.draw(order("depth", "pose"), silent, materials)
    assert renderer.controlnets() == ("depth", "pose")
    assert renderer.loaded() == (tiny_ref.id,)
    assert renderer.draw(order("pose"), silent, materials)
    assert renderer.controlnets() == ("depth", "pose")  # nothing new was loaded, so nothing had to leave
    renderer.load(tiny_ref.model_copy(update={"id": "other"}), files)
    assert (renderer.loaded(), renderer.controlnets()) == (("other",), ())
