"""What a cloud does to a fleet, on real processes, with kill -9 of the provisioner in each: nothing lost, nothing left.

`make soak` plays the same with an outage of ten minutes.
"""

import json
import os
import time
from collections import Counter
from collections.abc import Iterator
from itertools import cycle

import pytest

from sandbox.studio import Studio
from tests.e2e.fleet import (
    MACHINES,
    UNSEEN_S,
    burst,
    drained,
    drawn,
    fault,
    kill_provisioner,
    listings,
    nothing_is_left,
    three_machines,
)

OUTAGE_S = float(os.environ.get("EASEL_SOAK_OUTAGE_S", "30"))

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600 + OUTAGE_S)]

# Three of ten hosts, in the order in which the fleet prefers them: the first that it tries, and its replacement.
DUDS = (0, 1, 3)
MALADIES = ("container_exits", "stuck_loading", "process_never_starts", "oci_error")
LIES = ("list_empty", "list_count_mismatch", "list_missing_key")


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """One for all three stories: each begins and ends with nothing. What never starts is given up soon."""
    with three_machines(tmp_path_factory.mktemp("misfortunes"), boot_deadline_s=75) as running:
        yield running


@pytest.fixture(autouse=True)
def fair_weather(studio: Studio) -> Iterator[None]:
    """Afterwards, whatever happened."""
    yield
    studio.vast("DELETE", "faults")


def test_three_of_ten_hosts_are_duds(studio: Studio) -> None:
    """Hosts that load for ever, die at once or say that they run: replaced, none of them tried twice."""
    duds = make_duds(studio)
    burst(studio, 6)
    studio.wait_for("the first create", studio.instances, timeout_s=60)
    kill_provisioner(studio)
    studio.wait_for("a replacement", lambda: len(studio.instances()) > MACHINES, timeout_s=180)
    kill_provisioner(studio)
    drained(studio)
    nothing_is_left(studio)
    tried = Counter(one["machine_id"] for one in studio.instances() if one["machine_id"] in duds)
    assert len(tried) > 1
    assert set(tried.values()) == {1}


def make_duds(studio: Studio) -> set[int]:
    """Three of ten of the hosts that fit; returns their machine ids."""
    fitting = json.loads(studio.run_command("provisioner", "offers", "--json"))["fitting"]
    duds = [int(one["machine_id"]) for place, one in enumerate(fitting) if place % 10 in DUDS]
    for machine_id, malady in zip(duds, cycle(MALADIES), strict=False):
        fault(studio, malady, machine_id=machine_id)
    return set(duds)


def test_the_list_lies(studio: Studio) -> None:
    """Empty, short of one or without its key while machines work: never more are rented, and none is forgotten."""
    burst(studio, 6)
    studio.wait_for("three machines at once", lambda: len(studio.rented()) == MACHINES, timeout_s=120)
    for lie in LIES:
        fault(studio, lie)
        told_a_lie(studio)
        kill_provisioner(studio)
        told_a_lie(studio)
        assert len(studio.rented()) <= MACHINES
        studio.vast("DELETE", "faults")
    drained(studio)
    nothing_is_left(studio)


def told_a_lie(studio: Studio) -> None:
    """Wait until the fleet has read two more lists."""
    before = listings(studio)
    studio.wait_for("the fleet to read the list", lambda: listings(studio) >= before + 2, timeout_s=60)


def test_the_cloud_is_out(studio: Studio) -> None:
    """No route answers, so nothing can be rented or ended: those who are ready draw on, and go when it is over."""
    before = drawn(studio)
    burst(studio, 3)
    studio.wait_for("the first picture", lambda: drawn(studio) > before, timeout_s=240)
    over_at = time.monotonic() + OUTAGE_S
    fault(studio, "http_error", route="*", status=503)
    kill_provisioner(studio)
    burst(studio, 1)
    studio.wait_for("the pictures in the dark", lambda: drawn(studio) == before + 4, timeout_s=240)
    studio.wait_for("half of the outage", lambda: time.monotonic() > over_at - OUTAGE_S / 2, timeout_s=OUTAGE_S)
    kill_provisioner(studio)
    burst(studio, 2)
    studio.wait_for("more of them", lambda: drawn(studio) == before + 6, timeout_s=240)
    studio.wait_for("the outage to end", lambda: time.monotonic() > over_at, timeout_s=OUTAGE_S + 1)
    assert len(studio.rented()) <= MACHINES
    studio.vast("DELETE", "faults")
    drained(studio)
    nothing_is_left(studio, unseen_s=UNSEEN_S + OUTAGE_S)  # a machine may have ended without our knowing
