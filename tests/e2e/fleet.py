"""A studio with up to three machines: what its members do, what befalls it, and what must be true in the end."""

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from redis import Redis

from sandbox.studio import ROOT, Studio, StudioError
from tasks.ledger import Ledger
from tasks.lifecycle import ENDED, JobState
from tests.e2e.test_delivery import about, described
from tests.integration.provisioner.stage import as_text, change

MACHINES = 3
SCALING = """
tolerated_wait_s = 2
idle_last_s = 60
idle_rest_s = 5
"""
# Beyond the bill, our count may have the whole image of a machine that ended while it loaded, and so much of its rent:
# it runs from the intent to the listing without it, and what nobody saw is counted against us.
UNSEEN_S = 60.0


@contextmanager
def three_machines(directory: Path, **profile: Any) -> Iterator[Studio]:
    """A system of its own, of whose machines the last one stays a little longer. `profile`: settings of its workers."""
    config = directory / "config"
    shutil.copytree(ROOT / "sandbox" / "config", config)
    fleet, file = config / "fleet.toml", config / "profiles" / "sandbox.toml"
    fleet.write_text(fleet.read_text().replace("tolerated_wait_s", "# tolerated_wait_s") + SCALING)
    file.write_text(file.read_text().replace("idle_s", "# idle_s"))
    change(fleet, max_instances=MACHINES, max_creates_per_10_min=60)
    change(file, **profile)
    with Studio(directory / "studio", config_dir=config) as running:
        yield running


# What befalls it.


def kill_provisioner(studio: Studio) -> None:
    """kill -9; whoever watches over it starts it again."""
    studio.wait_for("a provisioner", lambda: _provisioner(studio), timeout_s=30).kill()


def _provisioner(studio: Studio) -> psutil.Process | None:
    with suppress(StudioError, psutil.Error):
        return studio.process("-m provisioner")
    return None


def fault(studio: Studio, kind: str, **parameters: Any) -> None:
    studio.vast("POST", "faults", {"kind": kind, **parameters})


def listings(studio: Studio) -> int:
    """How often the cloud was asked for its list of machines so far."""
    return sum(one["route"] == "list" for one in studio.vast("GET", "requests")["requests"])


# What members do and see.


def burst(studio: Studio, number: int) -> None:
    """So many pictures from three members at once."""
    for each in range(number):
        options = {"prompt": f"star {each}", "model": "tiny-sdxl", "steps": 40, "images": 2}
        studio.act(command="imagine", options=options, user=f"member-{each % 3 + 1}", wait=True)


def drawn(studio: Studio) -> int:
    return len({message["id"] for message in studio.pictures()})


def stages(studio: Studio) -> list[str]:
    return [row["stage"] for row in studio.fleet()["instances"]]


# What must be true in the end.


@contextmanager
def ledger_of(studio: Studio) -> Iterator[Ledger]:
    ledger = Ledger.open(f"sqlite:///{studio.directory.resolve() / 'data' / 'easel.db'}")
    yield ledger
    ledger.close()


def drained(studio: Studio, *, timeout_s: float = 240) -> None:
    """Every job has ended, with its pictures posted once."""
    with ledger_of(studio) as ledger:
        studio.wait_for("every job to end", lambda: not ledger.jobs.outstanding(), timeout_s=timeout_s)
        jobs = ledger.jobs.in_states(ENDED)
    assert {job.state for job in jobs} == {JobState.POSTED}, described(jobs)
    assert about(studio) == Counter(job.id for job in jobs)


def nothing_is_left(studio: Studio, *, unseen_s: float = UNSEEN_S) -> None:
    """No machine, at the cloud and in the ledger, no worker's user in Redis, and our books are the cloud's bill."""
    with ledger_of(studio) as ledger:
        studio.wait_for("the last machine to go", lambda: not studio.rented(), timeout_s=240)
        studio.wait_for("the ledger to know it", lambda: not ledger.instances.live(), timeout_s=30)
    redis = Redis.from_url(studio.redis_url)
    studio.wait_for("the workers' users to go", lambda: not _workers_users(redis), timeout_s=30)
    labels = Counter(one["label"] for one in studio.instances())
    assert set(labels.values()) == {1}, "two machines for one order"
    _books_agree(studio, unseen_s)


def _workers_users(redis: Redis) -> list[str]:
    return [name for name in map(as_text, redis.acl_users()) if name.startswith("easel-worker-")]


def _books_agree(studio: Studio, unseen_s: float) -> None:
    """Each machine's charge is written down; what we counted ourselves is never less, and little more."""
    bill = [one["total_usd"] for one in studio.vast("GET", "vast/ledger")["instances"]]
    told = json.loads(studio.run_command("provisioner", "cost", "--since", "1d", "--json"))
    comparison = told["comparison"]
    assert (comparison["problem"], comparison["unknown"], comparison["matched"]) == ("", [], len(bill))
    assert comparison["charged_usd"] == pytest.approx(sum(bill), abs=1e-4)
    dearest = max(one["dph_total"] for one in studio.instances())
    for machine in told["machines"]:
        more = machine["total_usd"] - machine["charged_usd"]
        assert -1e-4 <= more <= machine["bandwidth_usd"] + dearest * unseen_s / 3600, machine
