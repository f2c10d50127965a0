"""Each fault of the sandbox, as the real SDK meets it."""

import asyncio
import time
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
import requests

from sandbox.vast.faults import KINDS
from tests.contract.sandbox_vast.rig import BOOT_S, Rig, alive, http_error, until

Test = TypeVar("Test", bound=Callable[..., Any])
COVERED: set[str] = set()


def covers(*kinds: str) -> Callable[[Test], Test]:
    COVERED.update(kinds)
    return lambda test: test


@covers("lost_create_answer")
@pytest.mark.parametrize("mode", ["drop", "504"])
async def test_lost_create_answer_makes_exactly_one_instance(rig: Rig, mode: str) -> None:
    """The caller learns nothing, yet one machine is rented, and its label finds it."""
    await rig.fault("lost_create_answer", count=1, mode=mode)
    with pytest.raises((requests.ConnectionError, requests.HTTPError)):
        await rig.create(label="easel/pool/lost")
    found = [row for row in await rig.sdk.show_instances() if row["label"] == "easel/pool/lost"]
    assert len(found) == 1
    await rig.create(label="easel/pool/next")


@covers("offer_gone")
async def test_offer_gone(rig: Rig) -> None:
    """404, or 410 with cancel_unavail; the machine is not rented."""
    await rig.fault("offer_gone", count=2)
    assert (await http_error(rig.create())).status_code == 404
    assert (await http_error(rig.create(cancel_unavail=True))).status_code == 410
    assert rig.server.fleet.instances == {}


@covers("no_credit", "spend_rate_limit")
@pytest.mark.parametrize(("kind", "error"), [("no_credit", "missing_billing"), ("spend_rate_limit",) * 2])
async def test_account_refusals(rig: Rig, kind: str, error: str) -> None:
    """The account may not spend: an error of its own, and nothing is rented."""
    await rig.fault(kind, count=1)
    assert (await http_error(rig.create())).json()["error"] == error
    assert rig.server.fleet.instances == {}


@covers("created_but_error")
async def test_created_but_error(rig: Rig) -> None:
    """The error body names the contract that exists all the same."""
    await rig.fault("created_but_error", count=1)
    body = (await http_error(rig.create())).json()
    assert body["success"] is False
    assert (await rig.sdk.show_instance(body["new_contract"]))["cur_state"] == "stopped"


@covers("stuck_loading", "slow_boot")
async def test_boots_that_take_long_or_for_ever(rig: Rig) -> None:
    """Stuck stays in loading for a day; slow arrives after its factor; neither bills a GPU meanwhile."""
    await rig.fault("stuck_loading", count=1)
    stuck = await rig.create()
    await rig.fault("slow_boot", count=1, factor=50)
    slow = await rig.create()
    rig.pass_time(20 * BOOT_S)
    assert (stuck.phase, slow.phase) == ("loading", "loading")
    rig.pass_time(86_400)
    assert (stuck.phase, slow.phase) == ("loading", "running")
    assert stuck.bill(rig.server.clock.now()).gpu_usd == 0


@covers("oci_error", "container_exits")
async def test_containers_that_fail(rig: Rig) -> None:
    """An OCI error leaves `created` with the text; a container that dies at once is `exited`."""
    await rig.fault("oci_error", count=1)
    broken = await rig.create()
    await rig.fault("container_exits", count=1)
    dead = await rig.create()
    rig.pass_time(10 * BOOT_S)
    rows = {row["id"]: row for row in await rig.sdk.show_instances()}
    assert rows[broken.instance_id]["actual_status"] == "created"
    assert "OCI runtime create failed" in rows[broken.instance_id]["status_msg"]
    assert rows[dead.instance_id]["actual_status"] == "exited"
    assert "error" in rows[dead.instance_id]["status_msg"]


@covers("process_never_starts")
async def test_running_without_a_process(rig: Rig) -> None:
    """The listing says running, the GPU is billed, and nobody is there."""
    await rig.fault("process_never_starts", count=1)
    instance = await rig.boot()
    rig.pass_time(3600)
    assert (await rig.sdk.show_instance(instance.instance_id))["actual_status"] == "running"
    assert instance.pid is None
    assert instance.bill(rig.server.clock.now()).gpu_usd > 0


@covers("host_vanishes")
async def test_host_vanishes_while_running(rig: Rig) -> None:
    """The process is gone, the row says offline, and nothing is billed from then on."""
    await rig.fault("host_vanishes", count=1, after_s=1000)
    instance = await rig.boot()
    rig.pass_time(2000)
    await until(lambda: not alive(instance.pid))
    assert (await rig.sdk.show_instance(instance.instance_id))["actual_status"] == "offline"
    cost = instance.bill(rig.server.clock.now()).total_usd
    rig.pass_time(3600)
    assert instance.bill(rig.server.clock.now()).total_usd == cost


@covers("outbid")
async def test_outbid(rig: Rig) -> None:
    """A bid instance ends as the stopped trio; it runs again when the bid is raised and it is started."""
    await rig.fault("outbid", count=1, after_s=1000)
    instance = await rig.boot(price=0.3)
    rig.pass_time(2000)
    row = await rig.sdk.show_instance(instance.instance_id)
    assert {row["cur_state"], row["intended_status"], row["next_state"]} == {"stopped"}
    await until(lambda: not alive(instance.pid))
    instance.flaws.outbid_after_s = None
    await rig.sdk.start_instance(instance.instance_id)
    rig.pass_time(10 * BOOT_S)
    assert instance.phase == "resuming"
    await rig.sdk.change_bid(instance.instance_id, price=0.5)
    rig.pass_time(0)
    rig.pass_time(10 * BOOT_S)
    assert instance.phase == "running"


@covers("unpark_stuck")
async def test_unpark_stuck(rig: Rig) -> None:
    """A parked machine that does not come back stays in scheduling."""
    instance = await rig.boot()
    await rig.sdk.stop_instance(instance.instance_id)
    await until(lambda: instance.phase == "stopped")
    await rig.fault("unpark_stuck", count=1)
    await rig.sdk.start_instance(instance.instance_id)
    rig.pass_time(86_400)
    assert (await rig.sdk.show_instance(instance.instance_id))["cur_state"] == "stopped"


@covers("destroy_lies")
async def test_destroy_that_lies(rig: Rig) -> None:
    """Success is said, the instance stays and bills; the next destroy is honest again."""
    instance = await rig.boot()
    await rig.fault("destroy_lies", count=1)
    assert (await rig.sdk.destroy_instance(instance.instance_id))["success"]
    assert len(await rig.sdk.show_instances()) == 1
    await rig.sdk.destroy_instance(instance.instance_id)
    assert await rig.sdk.show_instances() == []


@covers("list_success_false", "list_empty", "list_missing_key")
@pytest.mark.parametrize("kind", ["list_success_false", "list_empty", "list_missing_key"])
async def test_listings_that_look_empty(rig: Rig, kind: str) -> None:
    """All three are an empty list to the SDK, while a machine is rented."""
    await rig.create()
    await rig.fault(kind, count=1)
    assert await rig.sdk.show_instances() == []
    assert len(await rig.sdk.show_instances()) == 1


@covers("list_count_mismatch")
async def test_listing_with_a_row_missing(rig: Rig) -> None:
    """The counts tell that the rows are not all."""
    await rig.create()
    await rig.create()
    await rig.fault("list_count_mismatch", count=1)
    page = await rig.sdk.show_instances_v1({"limit": 25})
    assert (len(page["instances"]), page["instances_found"], page["total_instances"]) == (1, 2, 2)


@covers("list_lag")
async def test_listing_that_lags(rig: Rig) -> None:
    """What was just created is missing, what was just destroyed is still there."""
    old = await rig.create()
    rig.pass_time(60)
    await rig.sdk.destroy_instance(old.instance_id)
    new = await rig.create()
    await rig.fault("list_lag", count=1, lag_s=30)
    assert [row["id"] for row in await rig.sdk.show_instances()] == [old.instance_id]
    assert [row["id"] for row in await rig.sdk.show_instances()] == [new.instance_id]


@covers("null_start_date", "null_extra_env")
@pytest.mark.parametrize("kind", ["null_start_date", "null_extra_env"])
async def test_nulls_that_break_the_sdk(rig: Rig, kind: str) -> None:
    """The SDK itself fails on these rows; the raw listing does not."""
    await rig.fault(kind, count=1)
    await rig.create()
    with pytest.raises(TypeError):
        await rig.sdk.show_instances()
    assert len((await rig.sdk.show_instances_v1({"limit": 25}))["instances"]) == 1


@covers("http_429", "http_error", "dropped_connection", "malformed_json")
async def test_transport_faults_on_one_route(rig: Rig) -> None:
    """They meet the route that was named, as often as was said, and do nothing on the way."""
    await rig.fault("http_429", route="create", count=1)
    await rig.fault("http_error", route="create", status=502, count=1)
    await rig.fault("dropped_connection", route="create", count=1)
    with pytest.raises(requests.ConnectionError):
        await rig.create()
    too_many = await http_error(rig.create())
    assert (too_many.status_code, too_many.headers["Retry-After"]) == (429, "1.00")
    assert (await http_error(rig.create())).status_code == 502
    assert rig.server.fleet.instances == {}
    await rig.create()
    await rig.fault("malformed_json", route="list")
    with pytest.raises(requests.exceptions.JSONDecodeError):
        await rig.sdk.show_instances()
    await rig.control("DELETE", "/faults?kind=malformed_json")
    assert len(await rig.sdk.show_instances()) == 1


@covers("slow")
async def test_slow_answers(rig: Rig) -> None:
    """The answer comes late, other routes do not wait."""
    await rig.fault("slow", route="user", delay_s=0.4, count=1)
    began = time.monotonic()
    late = asyncio.create_task(rig.sdk.show_user())
    await rig.sdk.search_offers("num_gpus=1")
    assert not late.done()
    assert (await late)["credit"] == 25.0
    assert time.monotonic() - began >= 0.4


async def test_faults_meet_only_the_machine_they_name(rig: Rig) -> None:
    """With a selector a fault passes by the others, and is used up by none of them."""
    offers = await rig.sdk.search_offers("num_gpus=1")
    await rig.fault("offer_gone", count=1, machine_id=offers[1]["machine_id"])
    await rig.create(offer_id=offers[0]["id"])
    assert (await http_error(rig.create(offer_id=offers[1]["id"]))).status_code == 404


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({"kind": "nonsense"}, "stuck_loading"),
        ({"kind": "slow", "seconds": 3}, "delay_s"),
        ({"kind": "slow", "count": 0}, "count"),
    ],
)
async def test_a_fault_that_is_not_one_is_explained(rig: Rig, body: dict[str, Any], word: str) -> None:
    """A misspelt fault is refused with what there is, so that no test waits for one that never comes."""
    answer = await rig.control("POST", "/faults", body, status=400)
    assert word in answer["msg"]


def test_every_fault_has_a_test() -> None:
    """A fault that nobody has seen work is none."""
    assert set(KINDS) == COVERED
