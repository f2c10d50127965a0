"""Memory, Vast and your own GPU under the shared contract."""

import pytest

from config.registry import OwnGpu
from provisioner.providers.base import Denied, Destroyed, Status
from provisioner.providers.several import SeveralProviders
from provisioner.providers.static import StaticProvider
from provisioner.providers.vast import VastProvider
from tests.conftest import ManualClock
from tests.contract.provisioner.provider_contract import (
    PROFILE,
    BootingContract,
    Cloud,
    ParkingContract,
    ProviderContract,
    RentingContract,
    SingleMachineContract,
    spec,
)
from tests.memory_provider import MemoryProvider
from tests.unit.provisioner.machines import offer


class TestMemory(ProviderContract, RentingContract, SingleMachineContract, BootingContract, ParkingContract):
    @pytest.fixture
    def cloud(self, clock: ManualClock) -> Cloud:
        return Cloud(MemoryProvider([offer(id="1"), offer(id="2")], now=clock, pull_s=5), clock)


class TestVast(ProviderContract, RentingContract, SingleMachineContract, BootingContract, ParkingContract):
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


class Elsewhere(MemoryProvider):
    """A second cloud."""

    name = "elsewhere"


class TestSeveral(ProviderContract, RentingContract, SingleMachineContract, BootingContract, ParkingContract):
    @pytest.fixture
    def cloud(self, clock: ManualClock) -> Cloud:
        first = MemoryProvider([offer(id="1")], now=clock, pull_s=5)
        second = Elsewhere([offer(id="1")], now=clock, pull_s=5)
        return Cloud(SeveralProviders([first, second]), clock)

    def test_the_same_id_at_two_clouds_is_two_machines(self, cloud: Cloud) -> None:
        """Each order goes to the cloud that its id names."""
        offers = cloud.provider.offers(PROFILE).offers
        assert [(one.id, one.provider) for one in offers] == [("memory:1", "memory"), ("elsewhere:1", "elsewhere")]
        made = [cloud.provider.create(one, spec(f"easel/test/{one.provider}")) for one in offers]
        assert [getattr(one, "provider_instance_id", None) for one in made] == ["memory:1", "elsewhere:1"]
        cloud.provider.destroy("elsewhere:1")
        assert [one.label for one in cloud.ours()] == ["easel/test/memory"]


def test_one_cloud_that_cannot_be_read_makes_the_listing_doubtful(clock: ManualClock) -> None:
    """Nothing may be taken for gone while one of them is silent; the other one's offers still count."""
    silent = VastProvider(api_key="key", url="http://127.0.0.1:1")
    both = SeveralProviders([MemoryProvider([offer(id="1")], now=clock), silent])
    snapshot = both.snapshot(now=clock())
    assert not snapshot.complete
    assert snapshot.problem.startswith("vast: ")
    assert [one.id for one in both.offers(PROFILE).offers] == ["memory:1"]
    assert SeveralProviders([silent]).offers(PROFILE).problem
