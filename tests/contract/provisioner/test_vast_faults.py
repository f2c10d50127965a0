"""The Vast adapter, through the real SDK, while Vast misbehaves: data, never an exception or a lost machine."""

from typing import Any

import pytest

from provisioner.providers.base import (
    Ambiguous,
    Created,
    CreatedBroken,
    CreateResult,
    Denied,
    Destroyed,
    Gone,
    NoCapacity,
    Offer,
    Pending,
    Snapshot,
)
from provisioner.providers.vast import VastProvider
from tests.conftest import ManualClock
from tests.contract.provisioner.provider_contract import PROFILE, spec
from tests.vast_sandbox import VastSandbox


@pytest.fixture
def offer(vast_provider: VastProvider) -> Offer:
    return vast_provider.offers(PROFILE).offers[0]


@pytest.mark.parametrize(
    ("fault", "outcome", "made"),
    [
        ({"kind": "offer_gone"}, Gone, 0),
        ({"kind": "no_credit"}, Denied, 0),
        ({"kind": "spend_rate_limit"}, Denied, 0),
        ({"kind": "created_but_error"}, CreatedBroken, 1),
        ({"kind": "lost_create_answer"}, Ambiguous, 1),
        ({"kind": "lost_create_answer", "mode": "504"}, Ambiguous, 1),
        ({"kind": "http_429", "route": "create", "retry_after_s": 3}, NoCapacity, 0),
        ({"kind": "http_error", "route": "create", "status": 500}, Ambiguous, 0),
        ({"kind": "malformed_json", "route": "create"}, Ambiguous, 0),
        ({"kind": "dropped_connection", "route": "create"}, Ambiguous, 0),
    ],
)
def test_every_way_a_create_can_fail(  # noqa: PLR0917 - pytest passes them by name
    vast: VastSandbox, vast_provider: VastProvider, offer: Offer, fault: dict[str, Any], outcome: type, made: int
) -> None:
    """The request is sent once, whatever the answer, and the outcome says whether a machine may exist."""
    vast.fault(**fault)
    assert isinstance(vast_provider.create(offer, spec()), outcome)
    assert len(vast.instances()) == made
    assert len(vast.requests("create")) == 1


def test_the_machine_of_an_error_is_known(vast: VastSandbox, vast_provider: VastProvider, offer: Offer) -> None:
    """The SDK throws the body away that names the machine; its id is what ends the bill."""
    vast.fault("created_but_error")
    result = vast_provider.create(offer, spec())
    assert isinstance(result, CreatedBroken)
    assert result.provider_instance_id == str(vast.instances()[0]["instance_id"])


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "list_success_false"},
        {"kind": "list_missing_key"},
        {"kind": "list_count_mismatch"},
        {"kind": "malformed_json", "route": "list"},
        {"kind": "http_error", "route": "list", "status": 500},
        {"kind": "http_429", "route": "list"},
        {"kind": "dropped_connection", "route": "list"},
    ],
)
def test_a_listing_that_lies_is_incomplete(
    vast: VastSandbox, vast_provider: VastProvider, offer: Offer, clock: ManualClock, fault: dict[str, Any]
) -> None:
    """An empty answer must never look like an empty fleet."""
    assert isinstance(vast_provider.create(offer, spec()), Created)
    vast.fault(**fault)
    snapshot = vast_provider.snapshot(now=clock())
    assert not snapshot.complete
    assert snapshot.problem


@pytest.mark.parametrize("flaw", ["null_start_date", "null_extra_env"])
def test_rows_on_which_the_sdk_fails(
    vast: VastSandbox, vast_provider: VastProvider, offer: Offer, clock: ManualClock, flaw: str
) -> None:
    """A contract that is still being made has nulls; the fleet must not go blind because of one."""
    vast.fault(flaw)
    vast_provider.create(offer, spec())
    snapshot = vast_provider.snapshot(now=clock())
    assert snapshot.complete
    assert len(snapshot.instances) == 1


def test_all_pages_are_read(vast: VastSandbox, vast_provider: VastProvider, clock: ManualClock) -> None:
    """Vast lists 25 at a time; a machine on the second page costs as much."""
    market = vast_provider.offers(PROFILE.model_copy(update={"gpu": PROFILE.gpu.model_copy(update={"min_vram_gb": 1})}))
    for number, one in enumerate(market.offers):
        vast_provider.create(one, spec(f"easel/test/{number}"))
        if number % 2:  # every second one is destroyed, its offer rented again
            listed = vast_provider.snapshot(now=clock()).instances[-1]
            vast_provider.destroy(listed.provider_instance_id)
            vast_provider.create(one, spec(f"easel/test/again-{number}"))
    made = {one["label"] for one in vast.billing()}
    snapshot: Snapshot = vast_provider.snapshot(now=clock())
    assert snapshot.complete
    assert {one.label for one in snapshot.instances} == made


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "http_error", "route": "destroy", "status": 500},
        {"kind": "http_429", "route": "destroy"},
        {"kind": "malformed_json", "route": "destroy"},
        {"kind": "dropped_connection", "route": "destroy"},
    ],
)
def test_a_destroy_that_may_not_have_happened_is_pending(
    vast: VastSandbox, vast_provider: VastProvider, offer: Offer, fault: dict[str, Any]
) -> None:
    """Only a clear yes or a clear "no such machine" ends the asking."""
    result = vast_provider.create(offer, spec())
    assert isinstance(result, Created)
    vast.fault(**fault, count=1)
    assert isinstance(vast_provider.destroy(result.provider_instance_id), Pending)
    assert vast_provider.destroy(result.provider_instance_id) == Destroyed()
    assert not vast.billing()


def test_a_search_that_fails_is_no_empty_market(vast: VastSandbox, vast_provider: VastProvider) -> None:
    """The reason and the time of the next attempt are told."""
    vast.fault("http_429", route="search", count=1)
    refused = vast_provider.offers(PROFILE)
    assert refused.problem
    assert refused.retry_after_s > 0
    assert vast_provider.offers(PROFILE).offers


def test_a_wrong_key_and_no_vast_at_all(vast: VastSandbox, offer: Offer, clock: ManualClock) -> None:
    """Both are sentences, not stack traces, and neither says that there are no machines."""
    wrong = VastProvider(api_key="wrong", url=vast.url)
    result: CreateResult = wrong.create(offer, spec())
    assert isinstance(result, Denied)
    assert "VAST_API_KEY" in result.reason
    assert not wrong.snapshot(now=clock()).complete
    nobody = VastProvider(api_key="key", url="http://127.0.0.1:1")
    assert isinstance(nobody.create(offer, spec()), Ambiguous)
    assert not nobody.snapshot(now=clock()).complete
    assert isinstance(nobody.destroy("1"), Pending)
    assert nobody.offers(PROFILE).problem


def test_an_environment_that_vast_would_cut_is_refused(vast_provider: VastProvider, offer: Offer) -> None:
    """Values over 256 characters never reach a machine."""
    result = vast_provider.create(offer, spec(environment={"LONG": "x" * 257}))
    assert isinstance(result, Denied)
    assert "LONG" in result.reason
