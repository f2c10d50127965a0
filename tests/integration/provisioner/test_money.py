"""The caps hold whatever the queue says, and what they block is said in a sentence that members can read."""

from datetime import timedelta
from typing import Any

import pytest

from provisioner import showing
from provisioner.lifecycle import State
from tests.integration.provisioner.stage import Stage


@pytest.mark.parametrize(
    ("caps", "machines", "sentence"),
    [
        ({"max_instances": 1}, 1, "max_instances is 1 and 1 are there"),
        ({"max_instances": 0}, 0, "max_instances is 0"),
        ({"max_usd_per_hour": 0.2}, 2, "max_usd_per_hour is $0.20"),
        ({"max_creates_per_10_min": 2}, 2, "max_creates_per_10_min is 2 and is used up"),
        ({"max_usd_per_day": 0.0}, 0, "max_usd_per_day is $0.00"),
    ],
)
def test_a_cap_blocks_and_says_so(stage: Stage, caps: dict[str, Any], machines: int, sentence: str) -> None:
    """Twelve jobs that deserve more than the cap allows."""
    stage.fleet(**caps)
    loop = stage.provisioner()
    jobs = stage.order(12, width=1024, height=1024, num_inference_steps=50)
    stage.run(loop, seconds=60)
    for job, row in zip(jobs, stage.rows(State.READY), strict=False):
        stage.claim(job, row.id)
    stage.run(loop, seconds=30)
    assert len(stage.vast.instances()) == machines
    status = stage.status()
    assert sentence in status.blocked
    assert sentence in status.sentence
    data = showing.status_data(status, stage.ledger.instances.live(), None, now=stage.clock())
    assert any(sentence in line for line in showing.status_lines(data, now=stage.clock()))


def test_a_spent_day_ends_what_runs(stage: Stage) -> None:
    """Even a machine at work: the cap is the owner's word. A new day begins at midnight in UTC."""
    stage.fleet(max_usd_per_day=0.03)
    loop = stage.provisioner()
    (job,) = stage.order()
    (row,) = stage.ready(loop)
    stage.claim(job, row.id)
    stage.until(loop, lambda: not stage.vast.billing(), at_most_s=1200)
    (bill,) = stage.vast.instances()
    assert bill["total_usd"] == pytest.approx(0.03, rel=0.1)
    stage.run(loop, seconds=120)
    assert "max_usd_per_day" in stage.status().blocked
    assert len(stage.vast.instances()) == 1
    stage.clock.advance(timedelta(hours=13).total_seconds())
    stage.until(loop, lambda: not stage.status().blocked, at_most_s=60)


def test_what_vast_refuses_is_said_in_its_words(stage: Stage) -> None:
    """No credit: one sentence that names the remedy, and ever rarer attempts instead of a storm."""
    stage.vast.fault("no_credit")
    loop = stage.provisioner()
    stage.order()
    stage.run(loop, seconds=200)
    assert "add credit at cloud.vast.ai" in stage.status().blocked
    assert len(stage.vast.requests("create")) <= 3
    stage.vast.clear_faults()
    stage.until(loop, lambda: stage.rows(State.READY), at_most_s=200)


def test_an_impossible_profile_is_explained(stage: Stage) -> None:
    """How many offers there are, and what each of them lacks."""
    stage.profile(max_usd_per_hour=0.001)
    loop = stage.provisioner()
    stage.order()
    stage.run(loop, seconds=10)
    assert "none fits" in stage.status().blocked
    assert "price" in stage.status().blocked
    assert not stage.vast.requests("create")


def test_a_host_that_failed_is_not_rented_again_at_once(stage: Stage) -> None:
    """Its machine id is avoided for an hour: three broken hosts, four different machines."""
    stage.vast.fault("oci_error", count=3)
    loop = stage.provisioner()
    stage.order()
    stage.until(loop, lambda: stage.rows(State.READY), at_most_s=600)
    assert len({row.machine_id for row in stage.every_row()}) == 4
    stage.until(loop, lambda: len(stage.vast.billing()) == 1)
