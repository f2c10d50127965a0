"""RunPod, against a local server that answers as its documentation says."""

from collections.abc import Iterator
from typing import Any

import pytest

from provisioner.providers.base import Ambiguous, Created, Denied, Destroyed, NoCapacity, Pending
from provisioner.providers.runpod import RunPodProvider
from provisioner.providers.runpod.answers import capability
from tests.conftest import ManualClock
from tests.contract.provisioner.provider_contract import (
    PROFILE,
    BootingContract,
    Cloud,
    ParkingContract,
    ProviderContract,
    RentingContract,
    spec,
)
from tests.runpod_server import KEY, RunPodServer


@pytest.fixture
def server(clock: ManualClock) -> Iterator[RunPodServer]:
    started = RunPodServer(clock)
    started.start()
    yield started
    started.stop()


@pytest.fixture
def provider(server: RunPodServer) -> RunPodProvider:
    return RunPodProvider(api_key=KEY, url=server.url)


@pytest.fixture
def cloud(provider: RunPodProvider, clock: ManualClock) -> Cloud:
    return Cloud(provider, clock)


class TestRunPod(ProviderContract, RentingContract, BootingContract, ParkingContract):
    """An offer stands for a kind of GPU, not for one machine."""


@pytest.mark.parametrize(
    ("status", "detail", "outcome"),
    [
        (400, "request validation failed", Denied),
        (401, "unauthorized", Denied),
        (402, "insufficient funds", Denied),
        (403, "forbidden", Denied),
        (409, "no machine of this kind", NoCapacity),
        (429, "slow down", NoCapacity),
        (500, "There are no longer any instances available with the requested specifications", NoCapacity),
        (500, "internal error", Ambiguous),
        (502, b"<html>", Ambiguous),
        (201, b'{"half":', Ambiguous),
        (201, {"no": "id"}, Ambiguous),
    ],
)
def test_every_way_a_create_can_fail(
    server: RunPodServer, cloud: Cloud, status: int, detail: Any, outcome: type
) -> None:
    """Asked once; what is not clearly a refusal is a doubt."""
    offer = cloud.offer()
    server.asked.clear()
    server.fail("POST", status, {"title": "Refused", "detail": detail} if isinstance(detail, str) else detail)
    assert isinstance(cloud.provider.create(offer, spec()), outcome)
    assert server.asked == [("POST", "/v2/pods")]
    assert cloud.ours() == []


def test_a_lost_answer_is_found_by_its_label(server: RunPodServer, cloud: Cloud) -> None:
    """The pod exists although nobody said so, and it was ordered once."""
    offer = cloud.offer()
    server.lose("POST")
    assert isinstance(cloud.provider.create(offer, spec("easel/test/lost")), Ambiguous)
    assert [one.label for one in cloud.ours()] == ["easel/test/lost"]


def test_all_pages_are_read(cloud: Cloud) -> None:
    """A pod on the second page costs as much."""
    made = {cloud.create(f"easel/test/{number}") for number in range(5)}
    assert {one.provider_instance_id for one in cloud.ours()} == made


@pytest.mark.parametrize("body", [b"{", {"pods": None}, {}, {"pods": [{"name": "no id"}]}])
def test_a_listing_that_cannot_be_read_is_incomplete(server: RunPodServer, cloud: Cloud, body: Any) -> None:
    """An empty answer must never look like an empty fleet."""
    cloud.create()
    server.fail("GET", 200, body)
    snapshot = cloud.provider.snapshot(now=cloud.clock())
    assert not snapshot.complete
    assert snapshot.problem


def test_only_what_is_in_stock_is_offered(cloud: Cloud) -> None:
    """Sold out kinds are no offers; strangers' hosts only where the profile allows them."""
    found = cloud.provider.offers(PROFILE).offers
    assert {one.gpu for one in found} == {"RTX 4090", "RTX A5000"}
    assert all(one.verified for one in found)
    open_profile = PROFILE.model_copy(update={"gpu": PROFILE.gpu.model_copy(update={"verified_only": False})})
    assert {one.verified for one in cloud.provider.offers(open_profile).offers} == {True, False}


def test_a_destroy_that_may_not_have_happened_is_pending(server: RunPodServer, cloud: Cloud) -> None:
    """Asked again until it is gone."""
    machine_id = cloud.create()
    server.fail("DELETE", 500, {"title": "Oops"})
    assert isinstance(cloud.provider.destroy(machine_id), Pending)
    assert cloud.provider.destroy(machine_id) == Destroyed()
    assert server.pods == {}


def test_a_wrong_key_and_no_runpod_at_all(server: RunPodServer, cloud: Cloud, clock: ManualClock) -> None:
    """Sentences, and neither says that there are no machines."""
    offer = cloud.offer()
    wrong = RunPodProvider(api_key="wrong", url=server.url)
    refused = wrong.create(offer, spec())
    assert isinstance(refused, Denied)
    assert "RUNPOD_API_KEY" in refused.reason
    assert not wrong.snapshot(now=clock()).complete
    nobody = RunPodProvider(api_key=KEY, url="http://127.0.0.1:1")
    assert isinstance(nobody.create(offer, spec()), Ambiguous)
    assert not nobody.snapshot(now=clock()).complete
    assert isinstance(nobody.destroy("x"), Pending)
    assert nobody.offers(PROFILE).problem


def test_the_worker_gets_its_command_and_variables(server: RunPodServer, cloud: Cloud) -> None:
    """As one string, quoted as a shell would read it."""
    result = cloud.provider.create(cloud.offer(), spec(command=("sh", "-c", "echo a b")))
    assert isinstance(result, Created)
    body = server.pods[result.provider_instance_id]["body"]
    assert body["args"] == "sh -c 'echo a b'"
    assert body["env"] == {"EASEL_WORKER_ID": "a"}


def test_cards_have_a_compute_capability() -> None:
    """The catalogue does not say it; an unknown card fits no profile."""
    known = {"RTX 4090": 8.9, "RTX A5000": 8.6, "A100 PCIe": 8.0, "H100 SXM": 9.0, "RTX 5090": 12.0, "MI300X": 0.0}
    assert {name: capability(name) for name in known} == known
