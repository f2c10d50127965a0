"""Our count against the provider's own bill: GPU, disk and what was downloaded."""

from datetime import timedelta

import pytest

from provisioner import charging, costs
from provisioner.lead import ROLE
from provisioner.lifecycle import State
from provisioner.providers.base import Created, Offer, Status
from provisioner.providers.vast import VastProvider
from tasks.ledger import Intent, Ledger
from tests.conftest import ManualClock
from tests.contract.provisioner.provider_contract import PROFILE, spec
from tests.memory_provider import MemoryProvider
from tests.vast_sandbox import VastSandbox

IMAGE_GB = 8  # the sandbox's


def rent(ledger: Ledger, provider: VastProvider, clock: ManualClock, offer: Offer) -> str:
    """As the launcher does: intent, create, outcome."""
    epoch = ledger.leadership.acquire(ROLE, holder="test", ttl=timedelta(hours=9), now=clock())
    assert epoch is not None
    intent = Intent(
        id="i1",
        label="easel/test/i1",
        provider="vast",
        profile="p",
        offer={},
        gpu=offer.gpu,
        machine_id=offer.machine_id,
        usd_per_hour=offer.usd_per_hour,
        storage_usd_per_hour=offer.storage_usd_per_hour,
        bandwidth_usd=IMAGE_GB * offer.usd_per_gb_down,
        reason="",
    )
    ledger.instances.intend(intent, role=ROLE, leader_epoch=epoch, now=clock())
    made = provider.create(offer, spec("easel/test/i1"))
    assert isinstance(made, Created)
    ledger.instances.move(
        "i1",
        State.ALLOCATING,
        sources={State.INTENDED},
        provider_instance_id=made.provider_instance_id,
        created_at=clock(),
    )
    return made.provider_instance_id


def run(ledger: Ledger, provider: VastProvider, clock: ManualClock) -> None:
    while provider.snapshot(now=clock()).instances[0].status is not Status.RUNNING:
        clock.advance(0.5)
    ledger.instances.note("i1", running_at=clock())


def test_our_count_agrees_with_vasts_bill(
    vast: VastSandbox, vast_provider: VastProvider, ledger: Ledger, clock: ManualClock
) -> None:
    """An hour's run, to within a cent, each kind by itself; the charge is noted beside the machine."""
    begun = clock()
    offer = next(one for one in vast_provider.offers(PROFILE).offers if one.usd_per_gb_down > 0)
    rent(ledger, vast_provider, clock, offer)
    run(ledger, vast_provider, clock)
    clock.advance(3600)
    comparison = charging.compare(ledger, vast_provider, deployment="test", since=begun, now=clock())
    (bill,) = vast.instances()
    row = ledger.instances.get("i1")
    assert row is not None
    ours = costs.cost(row, until=clock())
    assert ours.gpu_usd == pytest.approx(bill["gpu_usd"], abs=0.002)
    assert ours.storage_usd == pytest.approx(bill["storage_usd"], abs=0.002)
    assert ours.bandwidth_usd == pytest.approx(bill["bandwidth_usd"], abs=0.002)
    assert comparison.counted_usd == pytest.approx(comparison.charged_usd, abs=0.005)
    assert row.charged_usd == pytest.approx(comparison.charged_usd)
    assert row.charged_at == clock()
    assert "for 1 machines" in comparison.sentence


def test_a_charge_that_no_intent_knows_is_told(vast_provider: VastProvider, ledger: Ledger, clock: ManualClock) -> None:
    """A machine of ours that the ledger never heard of cost money all the same; another deployment's does not count."""
    begun = clock()
    offers = vast_provider.offers(PROFILE).offers
    vast_provider.create(offers[0], spec("easel/test/forgotten"))
    vast_provider.create(offers[1], spec("easel/other/x"))
    clock.advance(3600)
    comparison = charging.compare(ledger, vast_provider, deployment="test", since=begun, now=clock())
    assert [one.label for one in comparison.unknown] == ["easel/test/forgotten"]
    assert "no intent knows" in comparison.sentence


def test_charges_that_cannot_be_read_are_not_none(
    vast: VastSandbox, vast_provider: VastProvider, ledger: Ledger, clock: ManualClock
) -> None:
    """A sentence; and a provider that tells nothing says so."""
    vast.fault("http_error", route="charges")
    assert charging.compare(ledger, vast_provider, deployment="test", since=clock(), now=clock()).problem
    silent = MemoryProvider([], now=clock)
    assert "does not tell" in charging.compare(ledger, silent, deployment="test", since=clock(), now=clock()).sentence
