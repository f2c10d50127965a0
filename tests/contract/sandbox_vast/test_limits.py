"""Rate limits as documented, and the daily search quota."""

from pathlib import Path

from tests.contract.sandbox_vast.rig import Rig, http_error, make_rig


async def test_documented_intervals(tmp_path: Path) -> None:
    """A second call within the interval is 429 with Retry-After; after it, it is answered."""
    async with make_rig(tmp_path, rate_scale=1.0) as rig:
        await rig.sdk.search_offers("num_gpus=1")
        refused = await http_error(rig.sdk.search_offers("num_gpus=1"))
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "6.00")
        rig.pass_time(6)
        await rig.sdk.search_offers("num_gpus=1")


async def test_create_has_a_penalty(tmp_path: Path) -> None:
    """Who creates too fast waits 12 s instead of 4.5."""
    async with make_rig(tmp_path, rate_scale=1.0) as rig:
        offers = await rig.sdk.search_offers("num_gpus=1")
        await rig.create(offer_id=offers[0]["id"])
        for seconds in (4.0, 11.0):
            rig.pass_time(seconds)
            assert (await http_error(rig.create(offer_id=offers[1]["id"]))).status_code == 429
        rig.pass_time(12)
        await rig.create(offer_id=offers[1]["id"])


async def test_identities_do_not_share_an_interval(tmp_path: Path) -> None:
    """Workers that read their own rows do not use up the provisioner's calls."""
    async with make_rig(tmp_path, rate_scale=1.0) as rig:
        instance = await rig.create(offer_id=(await rig.offer())["id"])
        await rig.sdk.show_instance(instance.instance_id)
        assert await rig.sdk_with(instance.key).show_instance(instance.instance_id)


async def test_daily_search_quota(tmp_path: Path) -> None:
    """The quota ends in an error that the SDK knows, and begins anew at 00:00 UTC."""
    async with make_rig(tmp_path, search_quota=2) as rig:
        await rig.sdk.search_offers("num_gpus=1")
        await rig.sdk.search_offers("num_gpus=1")
        refused = await http_error(rig.sdk.search_offers("num_gpus=1"))
        assert refused.json()["error"] == "search_quota_exceeded"
        rig.pass_time(13 * 3600)
        await rig.sdk.search_offers("num_gpus=1")


async def test_the_default_scale_lets_a_demo_be_quick(tmp_path: Path) -> None:
    """With the default settings a call every quarter of a second is never refused."""
    async with make_rig(tmp_path, rate_scale=0.02) as rig:
        for _ in range(5):
            await rig.sdk.search_offers("num_gpus=1")
            await rig.sdk.show_instances()
            rig.pass_time(0.25)


async def test_what_is_not_imitated_says_so(rig: Rig) -> None:
    """A part of Vast's API that is missing here is a 404 that names it, and is in the request log."""
    assert "not imitated" in (await http_error(rig.sdk.show_deposit(1))).json()["msg"]
    last = (await rig.control("GET", "/requests"))["requests"][-1]
    assert (last["path"], last["status"]) == ("/api/v0/instances/balance/1/", 404)
