"""`python -m provisioner` as a person or a cron job calls it: real processes, real time, exit codes."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from provisioner.lifecycle import State
from provisioner.providers.base import Created, LaunchSpec
from tests.conftest import ManualClock
from tests.integration.provisioner.stage import ROOT, Stage, soon
from tests.unit.provisioner.machines import PROFILE
from tests.vast_sandbox import VastSandbox


@pytest.fixture
def clock() -> ManualClock:
    """The processes' own clock, as it was at the beginning."""
    return ManualClock(datetime.now(UTC))


@pytest.fixture
def vast(tmp_path: Path) -> Iterator[VastSandbox]:
    """Lives in real time, as the processes do."""
    sandbox = VastSandbox(tmp_path / "vast", lambda: datetime.now(UTC), boot_s=0.2)
    sandbox.start()
    yield sandbox
    sandbox.stop()


def call(*arguments: str, without: str = "", **changes: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != without} | changes
    return subprocess.run(
        [sys.executable, "-m", "provisioner", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def rent(stage: Stage, label: str) -> str:
    provider = stage.provider()
    offer = provider.offers(PROFILE.model_copy(update={"gpu": PROFILE.gpu.model_copy(update={"names": ()})})).offers[0]
    spec = LaunchSpec(label=label, image="image", command=("sleep", "60"), environment={}, disk_gb=20)
    made = provider.create(offer, spec)
    assert isinstance(made, Created)
    return made.provider_instance_id


@pytest.fixture
def running(stage: Stage) -> Iterator[subprocess.Popen[str]]:
    """`python -m provisioner run`, with a job that waits."""
    stage.order()
    process = subprocess.Popen(
        [sys.executable, "-m", "provisioner", "run"],
        cwd=ROOT,
        env=os.environ | {"EASEL_LOG_FORMAT": "json"},
        stderr=subprocess.PIPE,
        text=True,
    )
    yield process
    if process.poll() is None:
        process.kill()
    process.communicate(timeout=10)


def test_run_rents_and_status_and_reap_see_it(stage: Stage, running: subprocess.Popen[str]) -> None:
    """One process manages, others look and, if need be, end everything; SIGTERM ends it and says what still costs."""
    soon(stage.vast.billing, timeout_s=30)
    soon(lambda: stage.rows(State.PULLING, State.BOOTING, State.ALLOCATING), timeout_s=30)
    status = call("status", "--json")
    data: dict[str, Any] = json.loads(status.stdout)
    assert data["leader"]
    (shown,) = data["instances"]
    assert shown["usd_per_hour"] > 0
    assert data["fleet"]["outstanding_jobs"] == 1
    assert "of $10.00" in call("status").stdout

    running.send_signal(signal.SIGTERM)
    _, log = running.communicate(timeout=60)
    assert running.returncode == 0
    assert "money still runs" in log
    assert "sandbox-key" not in log

    listed = call("reap", "--json")
    assert [one["provider_instance_id"] for one in json.loads(listed.stdout)["found"]] == [
        shown["provider_instance_id"]
    ]
    assert stage.vast.billing(), "without --yes it only shows"
    reaped = call("reap", "--yes", "--json")
    assert reaped.returncode == 0, reaped.stderr
    assert json.loads(reaped.stdout)["destroyed"] == [shown["provider_instance_id"]]
    assert not stage.vast.billing()
    assert stage.states() == []


def test_killed_while_it_orders(stage: Stage, running: subprocess.Popen[str]) -> None:
    """kill -9 while Vast's answer to the create is under way: the successor adopts the machine, and it is one."""
    stage.vast.fault("slow", route="create", delay_s=1.5, count=1)
    soon(lambda: not stage.vast.active_faults(), timeout_s=30)  # Vast has the order, and lets it wait
    assert stage.rows(State.INTENDED)
    running.kill()
    running.wait(10)
    soon(stage.vast.billing)  # the order was on its way
    successor = stage.provisioner("successor")
    stage.clock.advance((datetime.now(UTC) + timedelta(seconds=16) - stage.clock()).total_seconds())
    successor.tick()
    successor.tick()
    (row,) = stage.rows(State.ALLOCATING, State.PULLING, State.BOOTING)
    assert [str(one["instance_id"]) for one in stage.vast.instances()] == [row.provider_instance_id]


def test_reap_ends_orphans_without_touching_the_fleet(stage: Stage) -> None:
    """`--orphans` for cron: only what no live intent knows; other deployments' machines never."""
    loop = stage.provisioner()
    stage.order()
    loop.tick()
    orphan, foreign = rent(stage, "easel/stage/orphan"), rent(stage, "easel/other/x")
    reaped = call("reap", "--orphans", "--yes")
    assert reaped.returncode == 0, reaped.stderr
    assert "1 destroyed" in reaped.stdout
    left = {str(one["instance_id"]) for one in stage.vast.billing()}
    assert orphan not in left
    assert foreign in left
    assert len(left) == 2


def test_reap_needs_neither_redis_nor_the_ledger(stage: Stage) -> None:
    """The last way out works when everything else is broken."""
    rent(stage, "easel/stage/forgotten")
    reaped = call(
        "reap", "--yes", REDIS_URL="redis://127.0.0.1:1/0", DATABASE_URL="postgresql://nobody@127.0.0.1:1/nothing"
    )
    assert reaped.returncode == 0, reaped.stderr
    assert not stage.vast.billing()


def test_reap_says_that_a_machine_may_be_left(stage: Stage) -> None:
    """A list that cannot be read is exit 1 and a sentence, not "nothing to do"."""
    rent(stage, "easel/stage/forgotten")
    stage.vast.fault("list_success_false")
    reaped = call("reap", "--yes")
    assert reaped.returncode == 1
    assert "may be incomplete" in reaped.stderr


@pytest.mark.parametrize(
    ("arguments", "without", "changes", "said"),
    [
        (("reap", "--yes"), "VAST_API_KEY", {}, "VAST_API_KEY is missing"),
        (("run",), "", {"REDIS_URL": "localhost"}, "REDIS_URL"),
        (("status",), "", {"EASEL_CONFIG_DIR": "/nowhere"}, "/nowhere"),
    ],
)
def test_what_is_missing_is_named(
    stage: Stage, arguments: tuple[str, ...], without: str, changes: dict[str, str], said: str
) -> None:
    """One sentence with the variable's name, exit 2, no stack trace."""
    del stage
    answer = call(*arguments, without=without, **changes)
    assert answer.returncode == 2
    assert said in answer.stderr
    assert "Traceback" not in answer.stderr


def test_status_without_anything(stage: Stage) -> None:
    """Nobody has reported, and Redis is away: still an answer, and what to do."""
    del stage
    answer = call("status", REDIS_URL="redis://127.0.0.1:1/0")
    assert answer.returncode == 0
    assert "python -m provisioner run" in answer.stdout
