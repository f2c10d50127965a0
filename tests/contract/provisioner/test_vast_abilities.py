"""What the Vast adapter can do beyond renting, through the real SDK."""

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from provisioner.providers.abilities import Accepted, Refused
from provisioner.providers.base import Created, CreatedBroken, Offer, Status
from provisioner.providers.vast import VastProvider
from tests.conftest import ManualClock
from tests.contract.provisioner.provider_contract import PROFILE, Cloud, spec
from tests.vast_sandbox import VastSandbox

BIDS = PROFILE.model_copy(update={"interruptible": True})
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFake owner@example.org"


def rent(provider: VastProvider, offer: Offer | None = None, **changes: Any) -> str:
    result = provider.create(offer or provider.offers(PROFILE).offers[0], spec(**changes))
    assert isinstance(result, Created)
    return result.provider_instance_id


def log_with(word: str, provider: VastProvider, machine_id: str, clock: ManualClock) -> str:
    """The log, once its process has come to print `word`. Vast's storage shows it a little after the request."""
    for _ in range(10):
        ticking = threading.Timer(0.1, clock.advance, [1])
        ticking.start()
        log = provider.logs(machine_id, lines=10)
        ticking.join()
        assert not log.problem
        if word in log.text:
            return log.text
    message = f"{word} was never printed"
    raise AssertionError(message)


def bid_of(provider: VastProvider) -> Offer:
    return next(one for one in provider.offers(BIDS).offers if one.is_interruptible)


def test_a_parked_machine_costs_its_disk_only(
    vast: VastSandbox, vast_provider: VastProvider, clock: ManualClock
) -> None:
    """An hour parked is an hour of storage, by Vast's own bill."""
    machine_id = rent(vast_provider)
    clock.advance(60)
    assert vast_provider.snapshot(now=clock()).instances[0].status is Status.RUNNING
    assert vast_provider.park(machine_id) == Accepted()
    Cloud(vast_provider, clock).stopped(machine_id)
    before = vast.instances()[0]
    clock.advance(3600)
    after = vast.instances()[0]
    assert after["gpu_usd"] == before["gpu_usd"]
    assert after["storage_usd"] > before["storage_usd"]


def test_a_machine_whose_gpu_was_rented_away_stays_stopped(
    vast: VastSandbox, vast_provider: VastProvider, clock: ManualClock
) -> None:
    """Vast accepts the start all the same; only the listing tells."""
    machine_id = rent(vast_provider)
    clock.advance(60)
    vast_provider.snapshot(now=clock())
    vast_provider.park(machine_id)
    Cloud(vast_provider, clock).stopped(machine_id)
    vast.fault("unpark_stuck")
    assert vast_provider.unpark(machine_id) == Accepted()
    clock.advance(60)
    assert vast_provider.snapshot(now=clock()).instances[0].status is not Status.RUNNING


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "http_429", "route": "state"},
        {"kind": "http_error", "route": "state"},
        {"kind": "malformed_json", "route": "state"},
        {"kind": "dropped_connection", "route": "state"},
    ],
)
def test_a_park_that_may_not_have_happened_is_refused(
    vast: VastSandbox, vast_provider: VastProvider, fault: dict[str, str]
) -> None:
    """The caller looks again; nothing is raised."""
    machine_id = rent(vast_provider)
    vast.fault(**fault)
    refused = vast_provider.park(machine_id)
    assert isinstance(refused, Refused)
    assert refused.reason


def test_bids_are_cheaper_and_above_the_least_one(vast_provider: VastProvider) -> None:
    """Beside the on-demand offers, which stay for when the bids run out; without the profile's word there are none."""
    assert not any(one.is_interruptible for one in vast_provider.offers(PROFILE).offers)
    offers = vast_provider.offers(BIDS).offers
    on_demand = {one.machine_id: one for one in offers if not one.is_interruptible}
    bids = [one for one in offers if one.is_interruptible]
    assert bids
    assert len({one.id for one in offers}) == len(offers)
    for one in bids:
        assert one.bid_usd_per_hour is not None
        assert one.bid_usd_per_hour >= 1.05 * one.raw["min_bid"]
        assert one.usd_per_hour < on_demand[one.machine_id].usd_per_hour


def test_an_interruptible_machine_is_outbid(vast: VastSandbox, vast_provider: VastProvider, clock: ManualClock) -> None:
    """It is rented at the bid, and stopped when somebody pays more."""
    offer = bid_of(vast_provider)
    machine_id = rent(vast_provider, offer)
    (made,) = vast.instances()
    assert made["is_bid"] is True
    clock.advance(60)
    assert vast_provider.snapshot(now=clock()).instances[0].status is Status.RUNNING
    vast.outbid(int(machine_id))
    assert vast_provider.snapshot(now=clock()).instances[0].status is Status.STOPPED


def test_a_bid_that_is_too_low_leaves_a_machine_to_destroy(vast: VastSandbox, vast_provider: VastProvider) -> None:
    """The least bid rose meanwhile: an error, and yet a contract that bills its disk."""
    offer = bid_of(vast_provider)
    result = vast_provider.create(replace(offer, bid_usd_per_hour=0.002), spec())
    assert isinstance(result, CreatedBroken)
    assert len(vast.billing()) == 1


def test_logs_come_without_passwords(vast_provider: VastProvider, clock: ManualClock) -> None:
    """What the machine printed, with the password in an address blotted out."""
    command = ("sh", "-c", "echo one; echo redis://easel-worker-a:secret@redis.example:6379/0; sleep 600")
    machine_id = rent(vast_provider, command=command)
    clock.advance(60)
    vast_provider.snapshot(now=clock())
    text = log_with("redis://", vast_provider, machine_id, clock)
    assert "secret" not in text
    assert "redis://easel-worker-a:***@redis.example:6379/0" in text


def test_credit_and_charges_are_vasts_own(vast: VastSandbox, vast_provider: VastProvider, clock: ManualClock) -> None:
    """What the account lost is what the charges add up to, by kind."""
    begun = clock()
    before = vast_provider.account()
    assert before.credit_usd == pytest.approx(25)
    machine_id = rent(vast_provider)
    clock.advance(60)
    vast_provider.snapshot(now=clock())
    clock.advance(3600)
    charges = vast_provider.charges(since=begun - timedelta(hours=1), until=clock())
    assert charges.complete
    (one,) = charges.charges
    assert (one.provider_instance_id, one.label) == (machine_id, "easel/test/a")
    assert one.total_usd == pytest.approx(one.gpu_usd + one.storage_usd + one.bandwidth_usd, abs=1e-5)
    after = vast_provider.account()
    assert after.credit_usd is not None
    assert 25 - after.credit_usd == pytest.approx(one.total_usd, abs=1e-4)


def test_all_charges_are_read(vast: VastSandbox, vast_provider: VastProvider, clock: ManualClock) -> None:
    """More than one page of them."""
    begun = clock()
    for number in range(105):
        vast_provider.destroy(rent(vast_provider, label=f"easel/test/{number}"))
    charges = vast_provider.charges(since=begun - timedelta(hours=1), until=clock() + timedelta(seconds=1))
    assert len(charges.charges) == 105


@pytest.mark.parametrize("kind", ["http_error", "malformed_json", "dropped_connection"])
def test_an_account_that_cannot_be_read(
    vast: VastSandbox, vast_provider: VastProvider, clock: ManualClock, kind: str
) -> None:
    """Unknown credit is not zero, and missing charges are not none."""
    vast.fault(kind, route="user")
    vast.fault(kind, route="charges")
    account = vast_provider.account()
    assert account.credit_usd is None
    assert account.problem
    assert not vast_provider.charges(since=clock() - timedelta(days=1), until=clock()).complete


def test_a_shell_needs_a_machine_with_ssh(vast: VastSandbox, vast_provider: VastProvider, clock: ManualClock) -> None:
    """With `ssh = true` there is an address, a key can be attached, and the worker still gets its variables."""
    plain = rent(vast_provider)
    assert "ssh = true" in vast_provider.shell(plain).problem
    command = ("sh", "-c", "echo worker=$EASEL_WORKER_ID; sleep 600")
    opened = rent(vast_provider, label="easel/test/b", ssh=True, command=command)
    address = vast_provider.shell(opened)
    assert address.host.endswith(".vast.example")
    assert address.port > 0
    assert vast_provider.allow_key(opened, KEY) == Accepted()
    assert isinstance(vast_provider.allow_key(opened, "nonsense"), Refused)
    clock.advance(60)
    vast_provider.snapshot(now=clock())
    assert "worker=a" in log_with("worker=", vast_provider, opened, clock)


def test_what_is_gone_has_neither_log_nor_shell(vast_provider: VastProvider) -> None:
    """Sentences."""
    assert vast_provider.shell("27999999").problem
    assert vast_provider.logs("27999999", lines=5).problem
