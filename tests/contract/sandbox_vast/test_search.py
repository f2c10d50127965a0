"""The market answers the SDK's searches as Vast documents them."""

from typing import Any

import pytest

from tests.contract.sandbox_vast.rig import Rig, http_error

RULES = {"num_gpus": {"eq": 1}, "gpu_ram": {"gte": 24000}, "reliability": {"gt": 0.98}}


async def test_string_and_dict_queries_agree(rig: Rig) -> None:
    """Both ways of asking the SDK find the same machines, although one sends numbers as text."""
    as_text = await rig.sdk.search_offers("num_gpus=1 gpu_ram>=24 reliability>0.98", order="dph_total")
    as_dict = await rig.sdk.search_offers(dict(RULES), order="dph_total")
    assert [offer["id"] for offer in as_text] == [offer["id"] for offer in as_dict]
    assert len(as_text) > 5
    assert all(offer["gpu_ram"] >= 24000 and offer["reliability"] > 0.98 for offer in as_text)


async def test_newer_search_endpoint_finds_the_same(rig: Rig) -> None:
    """`/search/asks/` and `/bundles/` are one market."""
    old = await rig.sdk.search_offers(dict(RULES))
    new = await rig.sdk.search_offers_new(dict(RULES))
    assert [offer["id"] for offer in new] == [offer["id"] for offer in old]


@pytest.mark.parametrize(
    ("query", "holds"),
    [
        ("gpu_name in [RTX_3090,RTX_A5000]", lambda o: o["gpu_name"] in ("RTX 3090", "RTX A5000")),
        ("gpu_name notin [RTX_3090,RTX_4090]", lambda o: o["gpu_name"] not in ("RTX 3090", "RTX 4090")),
        ("gpu_name!=RTX_4090", lambda o: o["gpu_name"] != "RTX 4090"),
        ("compute_cap>=890 cuda_vers>=12.4", lambda o: o["compute_cap"] >= 890),
        ("dph<0.2", lambda o: o["dph_total"] < 0.2),
        ("inet_down>900 inet_down_cost<=0.002", lambda o: o["inet_down"] > 900),
        ("geolocation=US", lambda o: o["geolocation"].endswith(", US")),
        ("geolocation in [NO,CA]", lambda o: o["geolocation"][-2:] in ("NO", "CA")),
        ("duration>1", lambda o: o["duration"] > 86400),
        ("driver_version>=550.20.0", lambda o: int(o["driver_version"].split(".")[0]) >= 550),
        ("datacenter=true", lambda o: o["hosting_type"] == 1),
    ],
)
async def test_each_operator_and_field_is_honoured(rig: Rig, query: str, holds: Any) -> None:
    """A filter that were ignored would let the provisioner rent a machine that it must not."""
    found = await rig.sdk.search_offers(query)
    assert found
    assert all(holds(offer) for offer in found)


async def test_default_filters_hide_unverified_and_external(rig: Rig) -> None:
    """The defaults that the SDK adds are honoured, and `no_default` shows what they hide."""
    usual = {offer["id"] for offer in await rig.sdk.search_offers("num_gpus>0")}
    everything = await rig.sdk.search_offers("num_gpus>0", no_default=True)
    hidden = [offer for offer in everything if offer["id"] not in usual]
    assert {(offer["verified"], offer["external"]) for offer in hidden} == {(False, False), (True, True)}


async def test_order_and_limit(rig: Rig) -> None:
    """The cheapest come first, and no more than asked for."""
    offers = await rig.sdk.search_offers("num_gpus=1", order="dph_total", limit=4)
    prices = [offer["dph_total"] for offer in offers]
    assert prices == sorted(prices)
    assert len(prices) == 4


async def test_price_depends_on_the_disk(rig: Rig) -> None:
    """Vast's trap: the same offer costs more with the disk that is really rented."""
    small, large = await rig.offer(storage=10), await rig.offer(storage=500)
    same = {offer["id"]: offer for offer in await rig.sdk.search_offers("num_gpus=1", storage=500)}
    assert same[small["id"]]["dph_total"] == pytest.approx(small["dph_base"] + small["storage_cost"] * 500 / 730)
    assert large["dph_total"] > small["dph_total"]


async def test_bids_are_cheaper(rig: Rig) -> None:
    """`type=bid` prices an offer at its least bid."""
    bid = await rig.offer(type="bid")
    assert bid["is_bid"]
    assert bid["dph_base"] == bid["min_bid"]


async def test_a_rented_offer_disappears_and_comes_back(rig: Rig) -> None:
    """What we hold is not offered to us again."""
    instance = await rig.create()
    offers = await rig.sdk.search_offers("num_gpus=1")
    assert instance.offer.offer_id not in [offer["id"] for offer in offers]
    await rig.sdk.destroy_instance(instance.instance_id)
    offers = await rig.sdk.search_offers("num_gpus=1")
    assert instance.offer.offer_id in [offer["id"] for offer in offers]


async def test_a_wrong_field_or_operator_is_named(rig: Rig) -> None:
    """A misspelt filter is an error, not a search without it."""
    for query, word in (({"gpu_nam": {"eq": "x"}}, "gpu_nam"), ({"num_gpus": {"is": 1}}, "'is'")):
        refused = await http_error(rig.sdk.search_offers(query))
        assert refused.status_code == 400
        assert word in refused.json()["msg"]
