"""A local Vast per test, and the providers that must keep the same promises."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from config.registry import GpuRequirements, Profile
from provisioner.providers.base import LaunchSpec, Offer, Provider
from provisioner.providers.memory import MemoryProvider
from provisioner.providers.vast import VastProvider
from tests.conftest import ManualClock
from tests.unit.provisioner.machines import offer
from tests.vast_sandbox import KEY, VastSandbox

PROFILE = Profile(
    id="p",
    image="image",
    command=("sleep", "600"),
    disk_gb=20,
    gpu=GpuRequirements(min_vram_gb=10, min_cuda=12.0, min_reliability=0.9, min_download_mbps=50),
)


def spec(label: str = "easel/test/a", **changes: object) -> LaunchSpec:
    values = {
        "label": label,
        "image": PROFILE.image,
        "command": PROFILE.command,
        "environment": {"EASEL_WORKER_ID": "a"},
        "disk_gb": PROFILE.disk_gb,
    }
    return LaunchSpec(**(values | changes))  # type: ignore[arg-type]


@pytest.fixture
def vast(tmp_path: Path, clock: ManualClock) -> Iterator[VastSandbox]:
    sandbox = VastSandbox(tmp_path / "vast", clock)
    sandbox.start()
    yield sandbox
    sandbox.stop()


@pytest.fixture
def vast_provider(vast: VastSandbox) -> VastProvider:
    return VastProvider(api_key=KEY, url=vast.url)


@dataclass
class Cloud:
    """A provider and its clock."""

    provider: Provider
    clock: ManualClock

    def offer(self) -> Offer:
        return self.provider.offers(PROFILE).offers[0]


@pytest.fixture(params=["memory", "vast"])
def cloud(request: pytest.FixtureRequest, clock: ManualClock) -> Cloud:
    if request.param == "vast":
        return Cloud(request.getfixturevalue("vast_provider"), clock)
    return Cloud(MemoryProvider([offer(id="1"), offer(id="2")], now=clock, pull_s=5), clock)
