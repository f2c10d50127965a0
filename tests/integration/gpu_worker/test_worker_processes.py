"""Workers as processes: who takes what, and what their deaths leave behind. Started once, used by all tests here."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config.registry import Weights
from tasks import keys, life, routing, served
from tasks.schema import CheckpointRef, WorkerState
from tests.integration.gpu_worker.control_queue import kinds, told
from tests.integration.gpu_worker.worker_process import Fleet, configuration, wait_until
from tests.redis_server import RedisServer
from tests.unit.gpu_worker.weights_server import WeightsServer

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("gpu_worker_processes")]

STEP_S = 0.2
SECONDS: dict[str, Any] = {"num_inference_steps": 30, "width": 256, "height": 256}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    started = RedisServer(tmp_path_factory.mktemp("redis"))
    started.start()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def running_fleet(server: RedisServer, tiny_weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    folder = tmp_path_factory.mktemp("fleet")
    fleet = Fleet(server.url, configuration(tiny_weights, folder / "config"), folder)
    yield fleet
    fleet.end_all()


@pytest.fixture
def fleet(running_fleet: Fleet) -> Fleet:
    """The fleet, whole, and with everything forgotten that an earlier test sent or was told."""
    for fault in running_fleet.faults.iterdir():
        fault.unlink()
    for pattern in ("control", "lease:*", "epoch:*", "cancel:*", "blob:*", "gpu.*"):
        for key in running_fleet.redis.scan_iter(pattern):
            running_fleet.redis.delete(key)
    return running_fleet


def test_nobody_waits_behind_a_busy_worker(fleet: Fleet) -> None:
    """Two workers, three jobs: the third stays in Redis until a lane is nearly free, and that worker takes it.

    Time is told in steps of the devices, which are asleep for most of one: so a busy machine changes nothing.
    """
    fleet.start("alpha", "beta")
    (fleet.faults / "step_s").write_text(str(STEP_S))
    for number, steps in enumerate((20, 45, 2), start=1):
        fleet.publish(f"JOB{number}", seeds=(number,), num_inference_steps=steps)
    wait_until(lambda: kinds(fleet.redis).count("claimed") == 2)
    took = {each.message.job_id: each.message.worker_id for each in told(fleet.redis)}
    assert set(took.values()) == {"alpha", "beta"}
    assert fleet.redis.llen("gpu.tiny-sdxl") == 1
    wait_until(lambda: kinds(fleet.redis).count("rendered") == 3, timeout_s=60)
    ends = [each.message.job_id for each in told(fleet.redis) if each.task == routing.RENDERED]
    assert ends == ["JOB1", "JOB3", "JOB2"], "nobody waits for the long one"
    [claim] = [each.message for each in told(fleet.redis, "JOB3") if each.task == routing.CLAIMED]
    assert claim.worker_id == took["JOB1"]
    first, long = (steps_of(fleet, took[job]) for job in ("JOB1", "JOB2"))
    still_made = [at for at in first[:20] if at > claim.at.timestamp()]
    assert len(still_made) * STEP_S <= 1.0, "it was taken too early: the other worker could have had it"
    made_meanwhile = [at for at in long if first[19] < at < claim.at.timestamp()]
    assert len(made_meanwhile) * STEP_S <= 0.5, "a free worker left it lying"


def steps_of(fleet: Fleet, worker_id: str) -> list[float]:
    """When each step on its device was done, in Unix time."""
    lines = [line.split() for line in (fleet.faults / "steps").read_text().splitlines()]
    return [float(at) for name, at in lines if name == worker_id]


def test_the_next_jobs_weights_are_fetched_while_the_lane_samples(
    fleet: Fleet, tiny_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And its message stays in Redis until the lane is nearly free."""
    single = tiny_weights / "tiny-sdxl-single"
    ref = CheckpointRef.of(fleet.checkpoints["tiny-sdxl-single"])
    remote = ref.model_copy(update={"weights": Weights(source="s3:bucket/a.safetensors")})
    with WeightsServer({"/bucket/a.safetensors": (single / "tiny.safetensors").read_bytes()}).running() as web:
        monkeypatch.setenv("S3_ENDPOINT_URL", web.url)
        fleet.start("prefetcher")
        fleet.publish("BUSY", num_inference_steps=150, width=256, height=256, seeds=(1, 2, 3, 4))
        wait_until(lambda: kinds(fleet.redis) == ["claimed"])
        fleet.publish_ref("NEXT", remote)
        wait_until(web.bodies_asked)
        assert kinds(fleet.redis) == ["claimed"]
        assert fleet.redis.llen("gpu.tiny-sdxl-single") == 1
        wait_until(lambda: kinds(fleet.redis, "NEXT") == ["claimed", "rendered"], timeout_s=90)
        assert len(web.bodies_asked()) == 1
    fleet.end("prefetcher")


def test_a_vanished_host_leaves_its_lease_to_expire(fleet: Fleet) -> None:
    """The ledger's sweep sees a job without lease within half a minute, and the message stays with its owner."""
    fleet.start("alpha", "beta")
    fleet.end("alpha")
    fleet.publish("LOST", num_inference_steps=150, width=256, height=256)
    wait_until(lambda: kinds(fleet.redis) == ["claimed"])
    fleet.vanish("beta")
    assert 0 < fleet.redis.ttl(keys.lease("LOST")) <= 30
    assert fleet.redis.hlen(keys.unacked("beta")) == 1
    assert 0 < fleet.redis.ttl(keys.heartbeat("beta")) <= 15
    assert kinds(fleet.redis) == ["claimed"]


def test_priority_comes_before_affinity_and_affinity_before_order(fleet: Fleet) -> None:
    """A loaded checkpoint's queue is taken first, but never before somebody's first picture."""
    fleet.start("alpha")
    assert list(fleet.checkpoints) == ["tiny-sdxl-single", "tiny-sdxl"], "the loaded one is listed last"
    fleet.publish("BUSY", **SECONDS)
    wait_until(lambda: kinds(fleet.redis) == ["claimed"])
    for priority in (3, 0):
        fleet.publish(f"OTHER{priority}", checkpoint="tiny-sdxl-single", priority=priority)
    for priority in (3, 0):
        fleet.publish(f"LOADED{priority}", checkpoint="tiny-sdxl", priority=priority)
    wait_until(lambda: kinds(fleet.redis).count("rendered") == 5)
    order = [each.message.job_id for each in told(fleet.redis) if each.task == routing.CLAIMED]
    assert order[:3] == ["BUSY", "LOADED0", "OTHER0"]
    assert set(order[3:]) == {"LOADED3", "OTHER3"}


def test_a_model_that_is_published_while_it_runs_is_drawn(fleet: Fleet) -> None:
    """No restart, no new machine: the queue is served within seconds, and still after the connection broke."""
    fleet.start("alpha")
    new = CheckpointRef.of(fleet.checkpoints["tiny-sdxl"]).model_copy(update={"id": "published"})
    served.announce(fleet.redis, [*fleet.checkpoints, "published"])
    fleet.publish_ref("FIRST", new)
    wait_until(lambda: kinds(fleet.redis, "FIRST") == ["claimed", "rendered"])
    fleet.redis.client_kill_filter(_type="normal")
    fleet.publish_ref("SECOND", new)
    wait_until(lambda: kinds(fleet.redis, "SECOND") == ["claimed", "rendered"])


def test_a_crashed_worker_comes_back(fleet: Fleet) -> None:
    """A new process within seconds; what the old one held is let go, so that the sweep can bring it back."""
    fleet.start("alpha")
    fleet.publish("CRASHED", num_inference_steps=150, width=256, height=256)
    wait_until(lambda: kinds(fleet.redis) == ["claimed"])
    fleet.child("alpha").kill()
    fleet.wait_for("alpha", WorkerState.STARTING)
    fleet.wait_for("alpha", WorkerState.IDLE)
    assert not fleet.redis.exists(keys.unacked("alpha"))
    assert not fleet.redis.exists(keys.lease("CRASHED"))
    fleet.publish("AFTER")
    wait_until(lambda: kinds(fleet.redis, "AFTER") == ["claimed", "rendered"])


def test_redis_restarts_under_a_job(fleet: Fleet, server: RedisServer) -> None:
    """The job goes on, its picture is handed over once, and the worker takes the next job."""
    fleet.start("alpha")
    fleet.publish("DURING", num_inference_steps=100, width=256, height=256)
    wait_until(lambda: kinds(fleet.redis) == ["claimed"])
    server.kill()
    server.start()
    wait_until(lambda: kinds(fleet.redis, "DURING") == ["claimed", "rendered"])
    fleet.publish("AFTER")
    wait_until(lambda: kinds(fleet.redis, "AFTER") == ["claimed", "rendered"])
    assert kinds(fleet.redis, "DURING") == ["claimed", "rendered"]


def test_sigterm_drains(fleet: Fleet) -> None:
    """The running job is finished, nothing new is taken, the heartbeat goes, exit code 0."""
    fleet.start("alpha")
    process = fleet.processes["alpha"]
    fleet.publish("RUNNING", num_inference_steps=60, width=256, height=256)
    wait_until(lambda: kinds(fleet.redis) == ["claimed"])
    process.send_signal(signal.SIGTERM)
    fleet.wait_for("alpha", WorkerState.DRAINING)
    fleet.publish("WAITING")
    assert process.wait(30) == 0
    assert kinds(fleet.redis, "RUNNING") == ["claimed", "rendered"]
    assert kinds(fleet.redis, "WAITING") == []
    assert fleet.redis.llen("gpu.tiny-sdxl") == 1
    assert fleet.heartbeat("alpha") is None
    assert not fleet.redis.exists(keys.unacked("alpha"))


def test_who_is_let_go_finishes_and_takes_nothing_more(fleet: Fleet) -> None:
    """The fleet's word over Redis, as `/fleet drain` gives it; the process waits for its machine's end."""
    fleet.start("alpha")
    (fleet.faults / "step_s").write_text(str(STEP_S))
    fleet.publish("RUNNING", num_inference_steps=45)  # longer than two heartbeats
    wait_until(lambda: kinds(fleet.redis) == ["claimed"])
    life.extend(fleet.redis, ["alpha"], finishing={"alpha"})
    fleet.wait_for("alpha", WorkerState.DRAINING)
    assert kinds(fleet.redis, "RUNNING") == ["claimed"], "it was told while it drew"
    fleet.publish("WAITING")
    wait_until(lambda: kinds(fleet.redis, "RUNNING") == ["claimed", "rendered"])
    wait_until(lambda: not fleet.redis.exists(keys.unacked("alpha")))
    time.sleep(2)  # as long as a worker that takes jobs would need, several times
    assert kinds(fleet.redis, "WAITING") == []
    assert fleet.redis.llen("gpu.tiny-sdxl") == 1
    assert fleet.processes["alpha"].poll() is None
    fleet.end("alpha")
    fleet.redis.delete(keys.life("alpha"))


def test_a_rented_machine_without_its_gpu_says_so_and_ends(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not draw on the CPU for the price of a card, and is not started again and again."""
    profile = fleet.config / "profiles" / "sandbox.toml"
    as_sandbox = profile.read_text()
    profile.write_text(as_sandbox.replace('kind = "cpu"', 'kind = "auto"'))
    monkeypatch.setenv("CONTAINER_ID", "7")
    monkeypatch.setenv("CONTAINER_API_KEY", "only-for-this-machine")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    try:
        assert fleet._spawn("cardless").wait(60) == 69
    finally:
        profile.write_text(as_sandbox)
    assert "the GPU cannot be used" in (fleet.data / "cardless.log").read_text()
    assert fleet.heartbeat("cardless") is None


def test_a_wrong_setting_is_final(fleet: Fleet) -> None:
    """A wrong setting is named at once, and not tried again and again."""
    started = time.monotonic()
    broken = Fleet("redis://127.0.0.1:1", fleet.config, fleet.data)
    broken.url = "no-address"
    process = broken._spawn("wrong")
    assert process.wait(20) == 2
    assert time.monotonic() - started < 20
    assert "EASEL_WORKER_REDIS_URL" in (fleet.data / "wrong.log").read_text()
