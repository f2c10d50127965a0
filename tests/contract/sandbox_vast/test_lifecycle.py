"""The way of an instance through the real SDK: created, running as a local process, parked, gone."""

import asyncio
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import psutil

from tests.contract.sandbox_vast.rig import BOOT_S, KEY, SLEEPER, Rig, Sdk, alive, http_error, make_rig, until

DUMP = "import json, os; print(json.dumps(dict(os.environ))); print(os.getcwd()); import time; time.sleep(60)"


def log_lines(rig: Rig, instance: Any) -> list[str]:
    text: str = rig.server.fleet.log_text(instance.instance_id)
    return text.splitlines()


async def test_states_on_the_way_to_running(rig: Rig) -> None:
    """null, created, loading, running, as Vast reports them, each at its time."""
    instance = await rig.create()
    seen = []
    for seconds in (0.0, 0.3 * BOOT_S, 0.3 * BOOT_S, 3 * BOOT_S):
        rig.pass_time(seconds)
        row = await rig.sdk.show_instance(instance.instance_id)
        seen.append((row["actual_status"], row["intended_status"]))
    assert seen == [(None, "running"), ("created", "running"), ("loading", "running"), ("running", "running")]


async def test_the_process_gets_what_a_real_machine_would_get(rig: Rig, monkeypatch: Any) -> None:
    """Its environment is the create body's env, Vast's own, the image's and the system's: nothing of ours."""
    monkeypatch.setenv("DISCORD_TOKEN", "must not leak")
    instance = await rig.boot(args=["python", "-c", DUMP], env={"EASEL_X": "1", "-p 8000:8000": "1"})
    await until(lambda: len(log_lines(rig, instance)) == 2)
    env, cwd = json.loads(log_lines(rig, instance)[0]), log_lines(rig, instance)[1]
    assert set(env) - {"LC_CTYPE"} == {
        *("PATH", "HOME", "LANG", "TMPDIR", "OMP_NUM_THREADS", "PYTHONUNBUFFERED", "EASEL_X"),
        *("CONTAINER_ID", "CONTAINER_API_KEY", "VAST_CONTAINERLABEL", "PUBLIC_IPADDR", "GPU_COUNT"),
        *("DATA_DIRECTORY", "JUPYTER_TOKEN", "VAST_TCP_PORT_8000"),
    }
    assert env["EASEL_X"] == "1"
    assert env["CONTAINER_ID"] == str(instance.instance_id)
    assert env["CONTAINER_API_KEY"] == instance.key
    assert env["HOME"].startswith(str(rig.server.options.data_dir))
    assert cwd == str(rig.server.options.workdir)


async def test_logs_come_through_the_result_url(rig: Rig) -> None:
    """`logs` returns the tail of what the process printed."""
    code = "import time; [print('line', n) for n in range(50)]; time.sleep(60)"
    instance = await rig.boot(args=["python", "-c", code])
    await until(lambda: len(log_lines(rig, instance)) == 50)
    asking = asyncio.create_task(rig.sdk.logs(instance.instance_id, tail="3"))
    await until(lambda: bool(rig.server.world.results))
    rig.pass_time(1)
    assert (await asking).split("\n")[:3] == ["line 47", "line 48", "line 49"]


async def test_execute_runs_the_constrained_commands_only(rig: Rig) -> None:
    """`ls` answers; anything else is refused."""
    instance = await rig.boot()
    asking = asyncio.create_task(rig.sdk.execute(instance.instance_id, "ls"))
    await until(lambda: bool(rig.server.world.results))
    rig.pass_time(1)
    assert "workspace" in await asking
    refused = await http_error(rig.sdk.execute(instance.instance_id, "curl example.org"))
    assert refused.json()["error"] == "invalid_command"


async def test_destroy_ends_the_process_and_the_contract(rig: Rig) -> None:
    """Gone from the list, null when shown, 404 when destroyed again, and no process is left."""
    instance = await rig.boot()
    pid = instance.pid
    assert await rig.sdk.destroy_instance(instance.instance_id) == {"success": True}
    assert await rig.sdk.show_instances() == []
    assert await rig.sdk.show_instance(instance.instance_id) is None
    again = await http_error(rig.sdk.destroy_instance(instance.instance_id))
    assert (again.status_code, again.json()["error"]) == (404, "no_such_instance")
    await until(lambda: not alive(pid))


async def test_destroy_is_sigterm_first(rig: Rig) -> None:
    """A worker gets the chance to hand its job back before it is killed."""
    code = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: (print('draining'), sys.exit(0)))\n"
        "print('up'); time.sleep(60)"
    )
    instance = await rig.boot(args=["python", "-c", code])
    await until(lambda: log_lines(rig, instance) == ["up"])
    await rig.sdk.destroy_instance(instance.instance_id)
    await until(lambda: log_lines(rig, instance) == ["up", "draining"])


async def test_what_ignores_sigterm_is_killed_with_its_children(tmp_path: Path) -> None:
    """After the grace time the whole group goes, also a child that the process had started."""
    code = (
        "import signal, subprocess, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen(['sleep', '60'])\n"
        "print(child.pid); time.sleep(60)"
    )
    async with make_rig(tmp_path, grace_s=0.2) as rig:
        instance = await rig.boot(args=["python", "-c", code])
        await until(lambda: bool(log_lines(rig, instance)))
        child = int(log_lines(rig, instance)[0])
        await rig.sdk.destroy_instance(instance.instance_id)
        await until(lambda: not alive(instance.pid))
        await until(lambda: not alive(child))


async def test_park_and_unpark(rig: Rig) -> None:
    """Stop ends the process and gives the GPU back; start brings a new process on the same machine."""
    instance = await rig.boot()
    first = instance.pid
    await rig.sdk.stop_instance(instance.instance_id)
    await until(lambda: instance.phase == "stopped")
    row = await rig.sdk.show_instance(instance.instance_id)
    assert {row[name] for name in ("actual_status", "intended_status", "cur_state", "next_state")} == {"stopped"}
    assert not alive(first)
    await rig.sdk.start_instance(instance.instance_id)
    row = await rig.sdk.show_instance(instance.instance_id)
    assert (row["intended_status"], row["cur_state"]) == ("running", "stopped")
    rig.pass_time(10 * BOOT_S)
    await until(lambda: rig.server.fleet.pid(instance.instance_id) is not None)
    assert instance.pid != first


async def test_unpark_waits_when_the_gpu_was_rented_away(rig: Rig) -> None:
    """The risk of parking: somebody else has the GPU, the start stays in scheduling until it is free."""
    parked = await rig.boot()
    await rig.sdk.stop_instance(parked.instance_id)
    await until(lambda: parked.phase == "stopped")
    other = await rig.create(offer_id=parked.offer.offer_id)
    await rig.sdk.start_instance(parked.instance_id)
    rig.pass_time(3600)
    assert parked.phase == "resuming"
    await rig.sdk.destroy_instance(other.instance_id)
    rig.pass_time(0)
    assert parked.phase == "loading"
    rig.pass_time(10 * BOOT_S)
    assert parked.phase == "running"


async def test_reboot_and_recycle_give_a_new_process(rig: Rig) -> None:
    """Both end the process and start it again; the contract stays."""
    instance = await rig.boot()
    for verb in (rig.sdk.reboot_instance, rig.sdk.recycle_instance):
        before = instance.pid
        await verb(instance.instance_id)
        assert instance.phase != "running"
        rig.pass_time(10 * BOOT_S)
        await rig.new_process(instance, other_than=before)


async def test_a_process_that_ends_makes_exited(rig: Rig) -> None:
    """With runtype args the container is its process."""
    instance = await rig.create(args=["python", "-c", "raise SystemExit(3)"])
    rig.pass_time(10 * BOOT_S)
    await until(lambda: instance.phase == "exited")
    row = await rig.sdk.show_instance(instance.instance_id)
    assert row["actual_status"] == "exited"
    assert "code 3" in row["status_msg"]


async def test_onstart_runs_in_a_shell_and_the_container_outlives_it(rig: Rig) -> None:
    """In ssh mode the onstart script runs with the env, and its end is not the container's."""
    instance = await rig.create(args=None, onstart_cmd="echo hello $WHO", env={"WHO": "you"}, ssh=True)
    rig.pass_time(10 * BOOT_S)
    await until(lambda: log_lines(rig, instance) == ["hello you"])
    await until(lambda: rig.server.fleet.pid(instance.instance_id) is None)
    assert instance.phase == "running"


async def test_a_missing_command_is_an_oci_error(rig: Rig) -> None:
    """As with docker: the container stays in created and status_msg says why."""
    instance = await rig.create(args=["no-such-program"])
    rig.pass_time(10 * BOOT_S)
    row = await rig.sdk.show_instance(instance.instance_id)
    assert row["actual_status"] == "created"
    assert "OCI runtime create failed" in row["status_msg"]


async def test_labels_and_the_row_shape(rig: Rig) -> None:
    """The label is kept and can be changed; the env comes back as pairs, which the SDK makes a dict."""
    instance = await rig.create(label="easel/pool/1", env={"A": "b"})
    [row] = await rig.sdk.show_instances()
    assert row["label"] == "easel/pool/1"
    assert row["extra_env"] == {"A": "b"}
    await rig.sdk.label_instance(instance.instance_id, "easel/pool/2")
    assert (await rig.sdk.show_instance(instance.instance_id))["label"] == "easel/pool/2"
    assert len(await rig.sdk.fetch_contracts(label="easel/pool/2")) == 1


async def test_listing_pages_of_25(rig: Rig) -> None:
    """More instances than one page holds: the SDK gathers them all, and the counts say how many."""
    offers = await rig.sdk.search_offers("num_gpus>0", no_default=True)
    for offer in offers:
        await rig.create(offer_id=offer["id"])
    rows = await rig.sdk.show_instances()
    assert len({row["id"] for row in rows}) == len(offers) > 25
    page = await rig.sdk.show_instances_v1({"limit": 10, "select_filters": {"gpu_name": {"eq": "RTX 3090"}}})
    assert page["total_instances"] == len(offers)
    assert page["instances_found"] == len([o for o in offers if o["gpu_name"] == "RTX 3090"])


async def test_the_retired_listing_looks_like_success(rig: Rig) -> None:
    """The v0 listing answers 200 without a list: who reads it as empty launches for ever."""
    status, body = await rig.raw("GET", "/api/v0/instances/")
    assert (status, body["error"]) == (200, "deprecated_endpoint")
    assert "instances" not in body


async def test_stopping_the_server_ends_every_process(tmp_path: Path) -> None:
    """No rented "machine" outlives the sandbox."""
    pids = []
    async with make_rig(tmp_path) as rig:
        pids = [(await rig.boot()).pid for _ in range(2)]
        assert all(alive(pid) for pid in pids)
    assert not any(alive(pid) for pid in pids)


async def test_what_a_killed_server_left_behind_is_ended(tmp_path: Path) -> None:
    """The next server in the same folder ends the processes of one that could not clean up."""
    process = await asyncio.create_subprocess_exec("sleep", "60", start_new_session=True)
    born = psutil.Process(process.pid).create_time()
    (tmp_path / "processes.json").write_text(json.dumps({process.pid: born, os.getpid(): 1.0}))
    async with make_rig(tmp_path):
        assert await asyncio.wait_for(process.wait(), 10) != 0


async def test_command_line_serves_and_ends_on_sigterm(tmp_path: Path) -> None:
    """`python -m sandbox.vast` answers the SDK and leaves with its instances when asked to."""
    command = [sys.executable, "-m", "sandbox.vast", "--port", "0", "--api-key", KEY, "--boot-seconds", "0"]
    process = await asyncio.create_subprocess_exec(
        *command, "--data-dir", str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    line = (await asyncio.wait_for(process.stdout.readline(), 30)).decode()
    found = re.search(r"http://[\d.]+:\d+", line)
    assert found, line
    sdk = Sdk(found.group(), KEY)
    offers = await sdk.search_offers("num_gpus=1")
    created = await sdk.create_instance(offers[0]["id"], image="x", args=SLEEPER)
    remembered = tmp_path / "processes.json"
    await until(remembered.exists)
    pids = json.loads(remembered.read_text())
    process.terminate()
    assert await asyncio.wait_for(process.wait(), 20) == 0
    assert created["success"]
    assert len(pids) == 1
    assert not alive(int(next(iter(pids))))
