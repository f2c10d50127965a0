"""Create calls that Vast would refuse, and the odd ones that it would not."""

from typing import Any

import pytest

from tests.contract.sandbox_vast.rig import Rig, http_error


async def refusal(rig: Rig, **more: Any) -> tuple[int, dict[str, Any]]:
    answer = await http_error(rig.create(**more))
    return answer.status_code, answer.json()


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"image": ""}, "image"),
        ({"disk": 7}, "disk"),
        ({"label": "x" * 257}, "label"),
        ({"env": {"A": "x" * 257}}, "env A"),
        ({"env": {f"N{n}": "x" * 250 for n in range(140)}}, "32768"),
        ({"args": ["x" * 4097]}, "4096"),
        ({"args": ["x" * 2100], "onstart_cmd": "y" * 2100}, "4096"),
        ({"template_hash": "abc"}, "template"),
    ],
)
async def test_documented_limits(rig: Rig, wrong: dict[str, Any], word: str) -> None:
    """Each limit that the provisioner has to keep is an `invalid_args` that names it, with the ask's id."""
    status, body = await refusal(rig, **wrong)
    assert (status, body["success"], body["error"]) == (400, False, "invalid_args")
    assert word in body["msg"]
    assert body["ask_id"] > 0
    assert rig.server.fleet.instances == {}


@pytest.mark.parametrize("price", [0.0, 0.0001, 129.0])
async def test_impossible_bids(rig: Rig, price: float) -> None:
    """A bid outside of 0.001..128 $/h is `invalid_price`."""
    status, body = await refusal(rig, price=price)
    assert (status, body["error"]) == (400, "invalid_price")


async def test_an_offer_that_never_was(rig: Rig) -> None:
    """404 no_such_ask, whatever cancel_unavail says."""
    for cancel in (False, True):
        status, body = await refusal(rig, offer_id=1, cancel_unavail=cancel)
        assert (status, body["error"], body["ask_id"]) == (404, "no_such_ask", 1)


async def test_a_rented_offer_is_410_or_a_contract_that_waits(rig: Rig) -> None:
    """The SDK's default of cancel_unavail=False gets a contract stuck in scheduling: Vast's trap."""
    first = await rig.create()
    status, body = await refusal(rig, offer_id=first.offer.offer_id, cancel_unavail=True)
    assert (status, body["error"]) == (410, "no_such_ask")
    second = await rig.create(offer_id=first.offer.offer_id, cancel_unavail=False)
    rig.pass_time(3600)
    row = await rig.sdk.show_instance(second.instance_id)
    assert (row["actual_status"], row["intended_status"], row["cur_state"]) == (None, "running", "stopped")
    await rig.sdk.destroy_instance(first.instance_id)
    rig.pass_time(1)
    assert second.phase == "created"


async def test_a_bid_that_is_too_low_leaves_a_contract_behind(rig: Rig) -> None:
    """The error carries `new_contract`, and that contract is stopped and bills storage."""
    status, body = await refusal(rig, price=0.01)
    assert status == 400
    row = await rig.sdk.show_instance(body["new_contract"])
    assert {row["cur_state"], row["intended_status"], row["next_state"]} == {"stopped"}
    before = rig.server.fleet.billed(rig.server.clock.now()).storage_usd
    rig.pass_time(3600)
    assert rig.server.fleet.billed(rig.server.clock.now()).storage_usd > before


async def test_a_bid_pays_its_price_and_can_be_changed(rig: Rig) -> None:
    """An interruptible instance costs what was bid, from the moment of the change on."""
    instance = await rig.boot(price=0.3)
    assert instance.gpu_usd_per_hour == 0.3
    await rig.sdk.change_bid(instance.instance_id, price=0.4)
    row = await rig.sdk.show_instance(instance.instance_id)
    assert row["dph_base"] == 0.4
    assert row["is_bid"]


async def test_search_and_create_in_one_call_and_many_at_once(rig: Rig) -> None:
    """The two other ways of renting make contracts too."""
    order = {"image": "x", "runtype": "args", "args": ["sleep", "60"]}
    query = {"gpu_name": {"eq": "RTX A6000"}, "rentable": {"eq": True}}
    status, body = await rig.raw("PUT", "/api/v0/launch_instance/", {**order, "q": query})
    assert status == 200
    assert rig.server.fleet.instances[body["new_contract"]].offer.card.name == "RTX A6000"
    offers = await rig.sdk.search_offers("num_gpus=1", limit=2)
    many = await rig.sdk.create_instance([offer["id"] for offer in offers], image="x", args=["sleep", "60"])
    assert [result["success"] for result in many["results"]] == [True, True]
    assert len(await rig.sdk.show_instances()) == 3
    await rig.sdk.destroy_instance([result["new_contract"] for result in many["results"]])
    assert len(await rig.sdk.show_instances()) == 1
