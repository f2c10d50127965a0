"""Memory and Vast under the shared contract."""

import pytest

from provisioner.providers.memory import MemoryProvider
from provisioner.providers.vast import VastProvider
from tests.conftest import ManualClock
from tests.contract.provisioner.provider_contract import (
    BootingContract,
    Cloud,
    ProviderContract,
    RentingContract,
    SingleMachineContract,
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
