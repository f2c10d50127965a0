"""The control API and the page: what a test or a person at the demo steers the sandbox with."""

from tests.contract.sandbox_vast.rig import Rig, alive, until


async def test_kill_is_a_container_that_crashed(rig: Rig) -> None:
    """SIGKILL: no last words, the container is exited with 137, the contract goes on."""
    instance = await rig.boot()
    await rig.control("POST", f"/instances/{instance.instance_id}/kill")
    await until(lambda: instance.phase == "exited")
    assert instance.exit_code == 137
    assert not alive(instance.pid)
    answer = await rig.control("POST", f"/instances/{instance.instance_id}/kill", status=409)
    assert "no process" in answer["msg"]


async def test_vanish_and_return(rig: Rig) -> None:
    """The host goes, first silent, then offline, and comes back with a new process."""
    instance = await rig.boot()
    before = instance.pid
    path = f"/instances/{instance.instance_id}"
    await rig.control("POST", f"{path}/vanish", {"status": "unknown"})
    assert (await rig.sdk.show_instance(instance.instance_id))["actual_status"] == "unknown"
    await rig.control("POST", f"{path}/vanish")
    assert (await rig.sdk.show_instance(instance.instance_id))["actual_status"] == "offline"
    await until(lambda: rig.server.fleet.pid(instance.instance_id) is None)
    await rig.control("POST", f"{path}/return")
    rig.pass_time(100)
    await until(lambda: rig.server.fleet.pid(instance.instance_id) not in (None, before))


async def test_outbid_by_hand(rig: Rig) -> None:
    """Only what was bid for can be outbid."""
    safe, bid = await rig.boot(), await rig.boot(price=0.3)
    await rig.control("POST", f"/instances/{safe.instance_id}/outbid", status=409)
    await rig.control("POST", f"/instances/{bid.instance_id}/outbid")
    assert (safe.phase, bid.phase) == ("running", "stopped")


async def test_history_tells_every_step_with_its_time(rig: Rig) -> None:
    """All instances that ever were, with the moments of their phases in order."""
    instance = await rig.boot(label="easel/pool/1")
    await rig.sdk.destroy_instance(instance.instance_id)
    [row] = (await rig.control("GET", "/instances"))["instances"]
    assert [step["phase"] for step in row["history"]] == [*("ordered", "created", "loading", "running", "destroyed")]
    assert sorted(step["at"] for step in row["history"]) == [step["at"] for step in row["history"]]
    assert (row["label"], row["pid"], row["phase"]) == ("easel/pool/1", instance.pid, "destroyed")


async def test_requests_are_recorded_without_secrets(rig: Rig) -> None:
    """A test can count the creates that reached Vast; values of env are not repeated."""
    await rig.create(env={"PASSWORD": "hush"}, login="-u me -p hush registry")
    text = str(await rig.control("GET", "/requests"))
    assert "'route': 'create'" in text
    assert "PASSWORD" in text
    assert "hush" not in text


async def test_time_can_be_pushed_but_not_pulled(rig: Rig) -> None:
    """`advance_s` moves boots and bills; a negative one is refused."""
    instance = await rig.create()
    await rig.control("POST", "/clock", {"advance_s": 3600})
    assert instance.phase == "running"
    answer = await rig.control("POST", "/clock", {"advance_s": -1}, status=400)
    assert "advance_s" in answer["msg"]


async def test_the_page_has_what_it_shows(rig: Rig) -> None:
    """The page and its parts are served, and the state behind it is complete."""
    instance = await rig.boot(args=["python", "-c", "import time; print('hello'); time.sleep(60)"])
    for path, word in (("/", "instances"), ("/page/page.js", "/sandbox/state"), ("/page/page.css", "--ground")):
        async with rig.http.get(rig.server.url + path) as answer:
            assert answer.status == 200
            assert word in await answer.text()
    state = await rig.control("GET", "/state")
    assert state["instances"][0]["phase"] == "running"
    assert sum(offer["rented"] for offer in state["offers"]) == 1
    await until(lambda: "hello" in rig.server.fleet.log_text(instance.instance_id))
    async with rig.http.get(f"{rig.server.url}/sandbox/instances/{instance.instance_id}/log") as answer:
        assert await answer.text() == "hello"
    assert (await rig.control("GET", "/health"))["ok"]
