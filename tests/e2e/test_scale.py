"""A burst on real processes while the cloud and our own process fail: all is drawn once, and nothing is left."""

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.studio import ROOT, Studio
from tests.e2e.test_one_picture import draw
from tests.integration.provisioner.stage import change

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(420)]

MACHINES = 3
SCALING = """
tolerated_wait_s = 2
idle_last_s = 40
idle_rest_s = 5
"""


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    """One of its own: three machines, of which the last one stays a little longer."""
    config = tmp_path / "config"
    shutil.copytree(ROOT / "sandbox" / "config", config)
    fleet, profile = config / "fleet.toml", config / "profiles" / "sandbox.toml"
    fleet.write_text(fleet.read_text().replace("tolerated_wait_s", "# tolerated_wait_s") + SCALING)
    profile.write_text(profile.read_text().replace("idle_s", "# idle_s"))
    change(fleet, max_instances=MACHINES)
    with Studio(tmp_path / "studio", config_dir=config) as running:
        yield running


def kill_provisioner(studio: Studio) -> None:
    """kill -9; whoever watches over it starts it again."""
    victim = studio.wait_for("a provisioner", lambda: _provisioner(studio), timeout_s=30)
    victim.kill()


def _provisioner(studio: Studio) -> Any:
    return studio.process("-m provisioner")


def fault(studio: Studio, kind: str, **parameters: Any) -> None:
    studio.vast("POST", "faults", {"kind": kind, **parameters})


def burst(studio: Studio, number: int) -> None:
    """So many pictures from three members at once."""
    for each in range(number):
        options = {"prompt": f"star {each}", "model": "tiny-sdxl", "steps": 40, "images": 2}
        studio.act(command="imagine", options=options, user=f"member-{each % 3 + 1}", wait=True)


def stages(studio: Studio) -> list[str]:
    return [row["stage"] for row in studio.fleet()["instances"]]


def drawn(studio: Studio) -> int:
    return len({message["id"] for message in studio.pictures()})


def test_from_zero_to_three_to_one_to_zero(studio: Studio) -> None:
    """Lost answer, dud, lying list, outage, and kill -9 of the provisioner in each of them."""
    fault(studio, "lost_create_answer", count=1)
    fault(studio, "container_exits", count=1)
    burst(studio, 6)
    studio.wait_for("the first create", studio.instances, timeout_s=60)
    kill_provisioner(studio)
    studio.wait_for("three machines at once", lambda: len(studio.rented()) >= MACHINES, timeout_s=120)
    fault(studio, "list_empty", count=6)
    kill_provisioner(studio)
    studio.wait_for("all pictures", lambda: drawn(studio) == 6, timeout_s=240)
    assert len(studio.rented()) <= MACHINES
    studio.wait_for("the rest to go", lambda: len(studio.rented()) == 1, timeout_s=90)
    studio.wait_for("the ledger to know it", lambda: len(studio.fleet()["instances"]) == 1, timeout_s=30)
    (last,) = studio.fleet()["instances"]
    parked_and_woken(studio, last["instance_id"])
    pushed(studio)
    outage(studio)
    studio.wait_for("the last one to go", lambda: not studio.rented(), timeout_s=150)
    studio.wait_for("the ledger to agree", lambda: not studio.fleet()["instances"], timeout_s=30)
    labels = Counter(one["label"] for one in studio.instances())
    assert set(labels.values()) == {1}, "two machines for one order"


def parked_and_woken(studio: Studio, instance_id: str) -> None:
    """By hand: its disk stays, and the same machine draws again."""
    told = json.loads(studio.run_command("provisioner", "park", instance_id, "--yes", "--json"))
    assert told["ordered"]
    studio.wait_for("it to be parked", lambda: stages(studio) == ["parked"], timeout_s=60)
    studio.run_command("provisioner", "unpark", instance_id, "--yes", "--json")
    studio.wait_for("it to draw again", lambda: stages(studio) == ["ready"], timeout_s=90)


def pushed(studio: Studio) -> None:
    """New code reaches the worker that runs; it starts again on the same machine and draws."""
    told = json.loads(studio.run_command("provisioner", "push", "--yes", "--json", "--wait", "110"))
    assert told["running"] == told["workers"] == [row["instance_id"] for row in studio.fleet()["instances"]]
    assert told["expected_usd"] > 0


def outage(studio: Studio) -> None:
    """No route answers, and the provisioner dies in it: what is ready draws on, and nothing is forgotten."""
    fault(studio, "http_error", route="*", status=503)
    kill_provisioner(studio)
    draw(studio, prompt="in the dark", model="tiny-sdxl", steps=4)
    studio.vast("DELETE", "faults")
