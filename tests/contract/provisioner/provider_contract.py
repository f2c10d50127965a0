"""What the fleet relies on, whichever cloud it is: each provider and each fake passes the classes that apply to it.

A suite derives from `ProviderContract` and from one class per ability, and brings a fixture `cloud`.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from config.registry import GpuRequirements, Profile
from provisioner.providers.abilities import Accepted, CanPark, Refused
from provisioner.providers.base import (
    Created,
    Denied,
    Destroyed,
    Gone,
    LaunchSpec,
    Listed,
    Offer,
    Provider,
    Status,
)
from tests.conftest import ManualClock

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


@dataclass
class Cloud:
    """A provider, its clock, and what makes time pass in the world behind it."""

    provider: Provider
    clock: ManualClock
    settle: Callable[[], None] = field(default=lambda: None)

    def offer(self) -> Offer:
        return self.provider.offers(PROFILE).offers[0]

    def listing(self) -> list[Listed]:
        snapshot = self.provider.snapshot(now=self.clock())
        assert snapshot.complete, snapshot.problem
        assert snapshot.at == self.clock()
        return list(snapshot.instances)

    def one(self, machine_id: str) -> Listed:
        (found,) = [one for one in self.listing() if one.provider_instance_id == machine_id]
        return found

    def ours(self) -> list[Listed]:
        return [one for one in self.listing() if one.label.startswith("easel/test/")]

    def create(self, label: str = "easel/test/a") -> str:
        result = self.provider.create(self.offer(), spec(label))
        assert isinstance(result, Created)
        return result.provider_instance_id

    def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.settle()

    def run(self, label: str = "easel/test/a") -> str:
        """A machine whose container runs."""
        machine_id = self.create(label)
        self.pass_time(60)
        assert self.one(machine_id).status is Status.RUNNING
        return machine_id

    def stopped(self, machine_id: str) -> None:
        """Wait for it: a process ends in its own time."""
        self.pass_time(5)
        deadline = time.monotonic() + 10
        while self.one(machine_id).status is not Status.STOPPED:
            assert time.monotonic() < deadline
            time.sleep(0.01)


class ProviderContract:
    """Promises of every provider, those that never rent included."""

    def test_a_listing_is_complete_and_of_this_moment(self, cloud: Cloud) -> None:
        """An account without machines of ours is a complete listing without them, not a failure."""
        assert cloud.ours() == []

    def test_destroying_what_is_gone_is_success(self, cloud: Cloud) -> None:
        """Whoever ended it: the asking must end, too."""
        assert cloud.provider.destroy("123456") == Destroyed()

    def test_it_has_a_name_for_the_ledger(self, cloud: Cloud) -> None:
        """The ledger's column takes sixteen characters."""
        assert 0 < len(cloud.provider.name) <= 16


class RentingContract:
    """Promises of every provider that makes machines."""

    def test_offers_carry_what_the_ranking_needs(self, cloud: Cloud) -> None:
        """Prices, memory and machine of each offer are there, and none is free of charge."""
        found = cloud.provider.offers(PROFILE)
        assert not found.problem
        assert found.offers
        for one in found.offers:
            assert one.id
            assert one.machine_id
            assert one.usd_per_hour > one.storage_usd_per_hour >= 0
            assert one.vram_gb > 0
            assert one.compute_capability > 0
        assert len({one.id for one in found.offers}) == len(found.offers)

    def test_a_machine_is_found_by_its_label(self, cloud: Cloud) -> None:
        """The label is the idempotency key: it comes back as it was given."""
        machine_id = cloud.create("easel/test/01jd")
        (one,) = cloud.ours()
        assert (one.provider_instance_id, one.label) == (machine_id, "easel/test/01jd")
        assert one.usd_per_hour > 0
        assert one.created_at is not None
        assert len(machine_id) <= 64, "the ledger's column takes 64 characters"

    def test_it_runs_in_the_end(self, cloud: Cloud) -> None:
        """From made to running within its time."""
        assert cloud.one(cloud.run()).status is Status.RUNNING

    def test_an_impossible_order_is_denied(self, cloud: Cloud) -> None:
        """Our own mistake is no reason to try the next offer."""
        assert isinstance(cloud.provider.create(cloud.offer(), spec(image="")), Denied)
        assert cloud.ours() == []

    def test_destroying_is_final_and_may_be_repeated(self, cloud: Cloud) -> None:
        """It leaves the listing, and nothing is wrong with asking twice."""
        machine_id = cloud.create()
        assert cloud.provider.destroy(machine_id) == Destroyed()
        cloud.settle()
        assert cloud.ours() == []
        assert cloud.provider.destroy(machine_id) == Destroyed()

    def test_a_destroyed_machine_may_be_rented_again(self, cloud: Cloud) -> None:
        """The market gets it back, and a late order to destroy the first rental does not end the second."""
        offer = cloud.offer()
        first = cloud.provider.create(offer, spec("easel/test/a"))
        assert isinstance(first, Created)
        cloud.provider.destroy(first.provider_instance_id)
        cloud.settle()
        second = cloud.provider.create(offer, spec("easel/test/b"))
        assert isinstance(second, Created)
        assert second.provider_instance_id != first.provider_instance_id
        cloud.provider.destroy(first.provider_instance_id)
        cloud.settle()
        assert [one.label for one in cloud.ours()] == ["easel/test/b"]


class SingleMachineContract:
    """An offer stands for one machine."""

    def test_an_offer_is_one_machine(self, cloud: Cloud) -> None:
        """The second one to ask is told that it is gone, and nothing is made."""
        assert cloud.provider.capabilities.one_machine_per_offer
        offer = cloud.offer()
        assert isinstance(cloud.provider.create(offer, spec("easel/test/a")), Created)
        assert isinstance(cloud.provider.create(offer, spec("easel/test/b")), Gone)
        assert len(cloud.ours()) == 1
        assert offer.id not in {one.id for one in cloud.provider.offers(PROFILE).offers}


class BootingContract:
    """The image must come first."""

    def test_it_is_not_called_running_before_it_runs(self, cloud: Cloud) -> None:
        """A machine that loads takes no jobs, and its GPU may not be billed yet."""
        machine_id = cloud.create()
        assert cloud.one(machine_id).status in {Status.ALLOCATING, Status.PULLING}
        cloud.pass_time(60)
        assert cloud.one(machine_id).status is Status.RUNNING


class ParkingContract:
    """A stopped machine keeps its disk, is still listed under its label, and may be started again."""

    def test_it_stops_and_starts(self, cloud: Cloud) -> None:
        """The same machine all the way."""
        provider = cloud.provider
        assert isinstance(provider, CanPark)
        assert provider.capabilities.can_park
        machine_id = cloud.run()
        assert provider.park(machine_id) == Accepted()
        cloud.stopped(machine_id)
        assert provider.unpark(machine_id) == Accepted()
        cloud.pass_time(60)
        assert cloud.one(machine_id).status is Status.RUNNING
        assert cloud.one(machine_id).label == "easel/test/a"

    def test_a_parked_machine_can_be_ended(self, cloud: Cloud) -> None:
        """Its disk costs money until then."""
        provider = cloud.provider
        assert isinstance(provider, CanPark)
        machine_id = cloud.run()
        provider.park(machine_id)
        cloud.stopped(machine_id)
        assert cloud.provider.destroy(machine_id) == Destroyed()
        assert cloud.ours() == []

    def test_what_is_gone_cannot_be_parked_or_started(self, cloud: Cloud) -> None:
        """Said as data, so that the caller rents afresh."""
        provider = cloud.provider
        assert isinstance(provider, CanPark)
        assert isinstance(provider.park("123456"), Refused)
        assert isinstance(provider.unpark("123456"), Refused)
