"""What the doctor finds, and that a worker survives what it would complain about."""

import io
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch

from config.loading import Registry, load_registry
from config.registry import DeviceOptions
from config.settings import WorkerSettings
from gpu_worker import doctor
from gpu_worker.__main__ import main
from gpu_worker.doctor import Finding
from gpu_worker.lane import Lane
from gpu_worker.status import WorkerStatus
from gpu_worker.warm_up import warm_up
from gpu_worker.watchdog import Watchdog
from gpu_worker.weights.fetcher import WeightsFetcher
from tasks.schema import CheckpointRef
from tests.conftest import ManualClock
from tests.integration.gpu_worker.test_ahead import BlankRenderer
from tests.integration.gpu_worker.worker_process import configuration

pytestmark = pytest.mark.integration


@dataclass(frozen=True)
class Machine:
    """A machine to look at."""

    registry: Registry
    settings: WorkerSettings

    def findings(self, **changes: Any) -> dict[str, Finding]:
        settings = self.settings.model_copy(update=changes)
        return {each.name: each for each in doctor.examine(settings, self.registry)}


@pytest.fixture
def machine(tiny_weights: Path, tmp_path: Path, redis_url: str) -> Machine:
    registry = load_registry(configuration(tiny_weights, tmp_path / "config"))
    settings = WorkerSettings.model_construct(
        **{name: field.get_default() for name, field in WorkerSettings.model_fields.items()}
    )
    here = {"worker_redis_url": redis_url, "weights_dir": tmp_path / "weights", "config_dir": tmp_path / "config"}
    return Machine(registry, settings.model_copy(update={**here, "profile": "sandbox"}))


def test_a_healthy_machine(machine: Machine) -> None:
    """All that a worker needs is looked at, and nothing needs a remedy."""
    found = machine.findings()
    assert [each for each in found.values() if each.remedy] == []
    assert found.keys() == {"settings", "redis", "disk", "weights", "libraries", "device", "dtype"}
    assert "here" in found["weights"].says
    assert torch.__version__.split("+")[0] in found["libraries"].says


@pytest.mark.parametrize(
    ("changes", "name", "remedy"),
    [
        ({"worker_redis_url": "redis://127.0.0.1:1/0"}, "redis", "REDIS_URL"),
        ({"weights_dir": Path(__file__)}, "disk", "EASEL_WEIGHTS_DIR"),
    ],
)
def test_what_does_not_work_has_a_remedy(machine: Machine, changes: dict[str, Any], name: str, remedy: str) -> None:
    """And the rest is looked at all the same."""
    found = machine.findings(**changes)
    assert remedy in found[name].remedy
    assert remedy in found[name].line
    assert not found["dtype"].remedy


def test_weights_that_are_not_here(machine: Machine, tmp_path: Path) -> None:
    """A file cannot be fetched by itself; what can is only said."""
    entry = machine.registry.checkpoints["tiny-sdxl"]
    [lost] = doctor._weights(WeightsFetcher(tmp_path), [entry.model_copy(update={"source": "file:gone"})])
    assert lost.remedy
    [later] = doctor._weights(WeightsFetcher(tmp_path), [entry.model_copy(update={"source": "huggingface:some/body"})])
    assert not later.remedy
    assert "will be fetched" in later.says


def test_a_gpu_that_is_paid_for_must_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its code is the one that a worker would end with; on a machine of one's own the CPU is good enough."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    [rented] = doctor._device(DeviceOptions(), is_rented=True)
    assert rented.remedy
    assert rented.exit_code == 69
    own = list(doctor._device(DeviceOptions(), is_rented=False))
    assert own[0].says.startswith("CPU")
    assert not own[0].remedy
    [asked_for] = doctor._device(DeviceOptions(kind="cuda"), is_rented=False)
    assert asked_for.exit_code == 69


def test_a_wrong_setting_is_the_first_thing_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By name, with the code that the worker would end with."""
    monkeypatch.setenv("EASEL_ENV_FILE", "")
    monkeypatch.setenv("EASEL_CONFIG_DIR", str(tmp_path / "nowhere"))
    for wish, told in ((["doctor"], "nowhere"), (["dokter"], "doctor")):
        monkeypatch.setattr(sys, "argv", ["gpu_worker", *wish])
        assert main() == 2
        assert told in capsys.readouterr().err


def test_what_is_printed_and_answered(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """For a terminal and for a script."""
    out = io.StringIO()
    assert doctor.main(machine.settings, machine.registry, out=out) == 0
    assert out.getvalue().count("ok  ") == 7
    away = machine.settings.model_copy(update={"worker_redis_url": "redis://127.0.0.1:1/0"})
    assert doctor.main(away, machine.registry, out=out) == 1
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    rented = away.model_copy(update={"container_id": "7", "profile": None})
    gpu_wanted = replace(machine.registry, fleet=machine.registry.fleet.model_copy(update={"profile": "gpu"}))
    profile = machine.registry.profile.model_copy(update={"device": DeviceOptions(kind="cuda")})
    assert doctor.main(rented, replace(gpu_wanted, profiles={"gpu": profile}), out=out) == 69


def test_a_worker_outlives_a_warm_up_that_cannot_read(
    tiny_ref: CheckpointRef, tmp_path: Path, clock: ManualClock
) -> None:
    """A process that ended here would only be started again, for ever; the heartbeat says why."""

    class Locked(WeightsFetcher):
        def checkpoint(self, ref: CheckpointRef, **options: Any) -> Any:
            if ref.id == "locked":
                raise PermissionError(13, "Permission denied", "/weights")
            return super().checkpoint(ref, **options)

    lane, status = Lane(BlankRenderer), WorkerStatus(now=clock)
    lane.start()
    refs = [tiny_ref.model_copy(update={"id": "locked"}), tiny_ref]
    warm_up(refs, fetcher=Locked(tmp_path), lane=lane, watchdog=Watchdog(lambda _silent: None), status=status)
    assert lane.loaded() == (tiny_ref.id,)
    assert "PermissionError" in str(status.facts()["last_error"])
