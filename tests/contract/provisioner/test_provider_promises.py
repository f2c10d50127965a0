"""Memory, Vast and your own GPU under the shared contract."""

import pytest

from config.registry import OwnGpu
from provisioner.providers.base import Denied, Destroyed, Status
from provisioner.providers.memory import MemoryProvider
from provisioner.providers.static import StaticProvider
from provisioner.providers.vast import VastProvider
from tests.conftest import ManualClock
from tests.contract.provisioner.provider_contract import (
    PROFILE,
    BootingContract,
    Cloud,
    ProviderContract,
    RentingContract,
    SingleMachineContract,
    spec,
)
from tests.unit.provisioner.machines import offer


class TestMemory(ProviderContract, RentingContract, SingleMachineContract, BootingContract):
    @pytest.fixture
    def cloud(self, clock: ManualClock) -> Cloud:
        return Cloud(MemoryProvider([offer(id="1"), offer(id="2")], now=clock, pull_s=5), clock)


class TestVast(ProviderContract, RentingContract, SingleMachineContract, BootingContract):
    @pytest.fixture
    def cloud(self, vast_provider: VastProvider, clock: ManualClock) -> Cloud:
        return Cloud(vast_provider, clock)


class TestStatic(ProviderContract):
    @pytest.fixture
    def cloud(self, clock: ManualClock) -> Cloud:
        return Cloud(StaticProvider([OwnGpu(id="home", gpu="RTX 3090")]), clock)

    def test_it_is_counted_and_never_rented_or_ended(self, cloud: Cloud) -> None:
        """No order makes one, none ends it, and without a label no reaper takes it for ours."""
        assert not cloud.provider.capabilities.rents
        assert cloud.provider.offers(PROFILE).offers == ()
        refused = cloud.provider.create(offer(), spec())
        assert isinstance(refused, Denied)
        assert "python -m gpu_worker" in refused.reason
        assert cloud.provider.destroy("home") == Destroyed()
        assert [(one.provider_instance_id, one.label) for one in cloud.listing()] == [("home", "")]
        assert cloud.one("home").status is Status.RUNNING
