"""From nothing to three machines and back, on real processes; the provisioner is killed in every phase of it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.studio import Studio
from tests.e2e.fleet import (
    MACHINES,
    burst,
    drained,
    drawn,
    fault,
    kill_provisioner,
    nothing_is_left,
    stages,
    three_machines,
)

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    """One of its own."""
    with three_machines(tmp_path) as running:
        yield running


def test_from_zero_to_three_to_one_to_zero(studio: Studio) -> None:
    """Cold start with a lost answer and a dud, three at once, back to one, parked, woken, new code, nothing."""
    fault(studio, "lost_create_answer", count=1)
    fault(studio, "container_exits", count=1)
    burst(studio, 6)
    studio.wait_for("the first create", studio.instances, timeout_s=60)
    kill_provisioner(studio)
    studio.wait_for("three machines at once", lambda: len(studio.rented()) >= MACHINES, timeout_s=120)
    kill_provisioner(studio)
    studio.wait_for("all pictures", lambda: drawn(studio) == 6, timeout_s=240)
    assert len(studio.rented()) <= MACHINES
    studio.wait_for("the first of the rest to go", lambda: len(studio.rented()) < MACHINES, timeout_s=90)
    kill_provisioner(studio)
    studio.wait_for("the rest to go", lambda: len(studio.rented()) == 1, timeout_s=90)
    studio.wait_for("the ledger to know it", lambda: len(stages(studio)) == 1, timeout_s=30)
    (last,) = studio.fleet()["instances"]
    parked_and_woken(studio, last["instance_id"])
    pushed(studio)
    studio.wait_for("its end to begin", lambda: stages(studio) != ["ready"], timeout_s=150)
    kill_provisioner(studio)
    drained(studio)
    nothing_is_left(studio)


def parked_and_woken(studio: Studio, instance_id: str) -> None:
    """By hand: its disk stays, and the same machine draws again; the provisioner dies with each order in hand."""
    told = json.loads(studio.run_command("provisioner", "park", instance_id, "--yes", "--json"))
    assert told["ordered"]
    kill_provisioner(studio)
    studio.wait_for("it to be parked", lambda: stages(studio) == ["parked"], timeout_s=60)
    studio.run_command("provisioner", "unpark", instance_id, "--yes", "--json")
    kill_provisioner(studio)
    studio.wait_for("it to draw again", lambda: stages(studio) == ["ready"], timeout_s=90)


def pushed(studio: Studio) -> None:
    """New code reaches the worker that runs; it starts again on the same machine and draws."""
    told = json.loads(studio.run_command("provisioner", "push", "--yes", "--json", "--wait", "110"))
    assert told["running"] == told["workers"] == [row["instance_id"] for row in studio.fleet()["instances"]]
    assert told["expected_usd"] > 0
