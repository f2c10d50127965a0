"""What is billed, to the second, under a clock that is passed."""

from datetime import UTC, datetime, timedelta

import pytest

from sandbox.vast.billing import Segment, bill, billing_ended_at
from sandbox.vast.phases import Phase
from tests.contract.sandbox_vast.rig import BOOT_S, START, Rig, until

T0 = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = 3600.0


def segment(phase: Phase, at_s: float, **more: float) -> Segment:
    return Segment(phase, T0 + timedelta(seconds=at_s), 0.36, 0.012, **more)


HISTORY = [
    segment(Phase.ORDERED, 0),
    segment(Phase.LOADING, 10, pull_usd=0.02, pull_s=100.0),
    segment(Phase.RUNNING, 110),
    segment(Phase.STOPPED, 110 + HOUR),
    segment(Phase.OFFLINE, 110 + 2 * HOUR),
    segment(Phase.DESTROYED, 110 + 3 * HOUR),
]


@pytest.mark.parametrize(
    ("at_s", "gpu", "storage_s", "bandwidth"),
    [
        (0, 0.0, 0, 0.0),
        (60, 0.0, 60, 0.01),  # half the image is here
        (110, 0.0, 110, 0.02),
        (110 + HOUR / 2, 0.18, 110 + HOUR / 2, 0.02),
        (110 + HOUR, 0.36, 110 + HOUR, 0.02),
        (110 + 2 * HOUR, 0.36, 110 + 2 * HOUR, 0.02),  # stopped: storage only
        (110 + 3 * HOUR, 0.36, 110 + 2 * HOUR, 0.02),  # offline: nothing
        (110 + 99 * HOUR, 0.36, 110 + 2 * HOUR, 0.02),  # destroyed: nothing ever again
    ],
)
def test_bill_by_phase(at_s: float, gpu: float, storage_s: float, bandwidth: float) -> None:
    """GPU only while running, storage while online, the image's bytes as they come, nothing after the end."""
    cost = bill(HISTORY, T0 + timedelta(seconds=at_s))
    assert cost.gpu_usd == pytest.approx(gpu)
    assert cost.storage_usd == pytest.approx(0.012 * storage_s / HOUR)
    assert cost.bandwidth_usd == pytest.approx(bandwidth)


def test_billing_ends_with_destroy_alone() -> None:
    """A stopped or offline contract can cost again, so its billing has not ended."""
    assert billing_ended_at(HISTORY[:4]) is None
    assert billing_ended_at(HISTORY) == HISTORY[-1].start_at


async def test_ledger_and_balance_of_an_hour(rig: Rig) -> None:
    """The ledger, the charges of the API and the account's balance tell the same amount."""
    instance = await rig.boot(disk=60, label="easel/pool/1")
    running_at = instance.since
    rig.server.clock.advance(HOUR - (rig.server.clock.now() - running_at).total_seconds())
    await rig.sdk.destroy_instance(instance.instance_id)
    rig.pass_time(HOUR)
    [row] = (await rig.control("GET", "/vast/ledger"))["instances"]
    assert row["gpu_usd"] == pytest.approx(instance.offer.dph_base)
    lived_s = HOUR + (running_at - START).total_seconds()
    assert row["storage_usd"] == pytest.approx(0.15 * 60 / 730 * lived_s / HOUR)
    assert row["bandwidth_usd"] == pytest.approx(8 * instance.offer.stand.inet_cost)
    assert row["billing_ended_at"] == (running_at + timedelta(hours=1)).isoformat()
    user = await rig.sdk.show_user()
    assert user["balance"] == user["credit"] == pytest.approx(25.0 - row["total_usd"])
    window = {"charges": True, "start_date": int(START.timestamp()), "end_date": int(START.timestamp()) + 7200}
    charges = await rig.sdk.show_invoices_v1(**window)
    assert charges["results"][0]["source"] == f"instance-{instance.instance_id}"
    assert charges["results"][0]["metadata"]["label"] == "easel/pool/1"
    assert charges["results"][0]["amount"] == pytest.approx(row["total_usd"], abs=1e-6)


async def test_charges_are_cut_to_the_window(rig: Rig) -> None:
    """The first half hour of a run and the second cost the same, GPU and storage."""
    instance = await rig.boot()
    at = instance.since
    rig.pass_time(2 * HOUR)
    amounts = []
    for start in (at, at + timedelta(minutes=30)):
        first = int(start.timestamp()) + 1
        window = {"charges": True, "start_date": first, "end_date": first + 1700}
        amounts.append((await rig.sdk.show_invoices_v1(**window))["results"][0]["amount"])
    assert amounts[0] == pytest.approx(amounts[1], abs=2e-6)
    assert amounts[0] == pytest.approx(instance.dph_total * 1700 / HOUR, abs=2e-6)


async def test_a_new_bid_is_billed_from_its_moment(rig: Rig) -> None:
    """An hour at one price and an hour at another."""
    instance = await rig.boot(price=0.3)
    rig.server.clock.advance(HOUR - (rig.server.clock.now() - instance.since).total_seconds())
    await rig.sdk.change_bid(instance.instance_id, price=0.5)
    rig.pass_time(HOUR)
    assert instance.bill(rig.server.clock.now()).gpu_usd == pytest.approx(0.8)


async def test_credit_used_up_stops_everything(rig: Rig) -> None:
    """At 0 all stop in that moment, however far the clock jumps, and nothing can be rented."""
    instance = await rig.boot()
    rig.pass_time(30 * 24 * HOUR)
    await until(lambda: instance.phase == "stopped")
    cost = instance.bill(rig.server.clock.now())
    assert cost.gpu_s / HOUR == pytest.approx(25.0 / instance.dph_total, rel=0.01)
    status, body = await rig.raw("PUT", f"/api/v0/asks/{(await rig.offer())['id']}/", {"image": "x", "args": ["true"]})
    assert (status, body["error"]) == (400, "missing_billing")


async def test_boot_time_follows_the_hosts_line(rig: Rig) -> None:
    """A slow host loads longer: the deadline of each offer has something to hold on to."""
    slow = await rig.create(offer_id=(await rig.offer("geolocation=VN"))["id"])
    fast = await rig.create(offer_id=(await rig.offer("geolocation=CA gpu_name=RTX_4090"))["id"])
    rig.pass_time(0.6 * BOOT_S)
    assert (slow.phase, fast.phase) == ("loading", "running")
