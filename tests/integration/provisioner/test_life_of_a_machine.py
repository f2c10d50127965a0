"""From the first job to the end of the bill: the way that every machine goes."""

import pytest
from structlog.testing import capture_logs

from provisioner import showing
from provisioner.deadlines import Boot
from provisioner.lifecycle import State
from sandbox.story import STORY
from tasks import keys
from tasks.life import Word, word
from tests.integration.provisioner.stage import Stage


def test_a_job_rents_a_machine_and_idleness_ends_it(stage: Stage) -> None:
    """Backlog → rented → ready by heartbeat → idle → destroyed, with the cost that the provider bills."""
    loop = stage.provisioner()
    (job,) = stage.order()
    (row,) = stage.ready(loop)
    assert len(stage.vast.billing()) == 1
    stage.claim(job, row.id)
    stage.run(loop, seconds=120)
    assert stage.states() == [State.READY]  # it draws, however long that takes

    stage.cancel_all()
    stage.gone(loop, at_most_s=120)
    (ended,) = stage.every_row()
    (billed,) = stage.vast.instances()
    assert ended.end_reason is not None
    assert "idle" in ended.end_reason
    assert ended.destroyed_at is not None
    assert len(stage.vast.requests("create")) == 1
    assert billed["billing_ended_at"] is not None


def test_the_story_of_a_machine_is_in_the_log(stage: Stage) -> None:
    """The demo tells what happened from these lines; their names and figures must be there."""
    loop = stage.provisioner()
    with capture_logs() as logs:
        stage.order()
        stage.ready(loop)
        stage.cancel_all()
        stage.gone(loop)
    told = [line["event"] for line in logs if line["event"] in STORY]
    assert told == ["queue backs up", "offer rented", "worker ready", "worker idle", "instance destroyed"]
    lines = {line["event"]: line for line in logs}
    assert lines["worker ready"]["seconds_since_intent"] > 0
    assert lines["worker idle"]["reason"].startswith("idle for")
    cost = lines["instance destroyed"]["cost_usd"]
    assert cost > 0
    assert cost == round(cost, 4)
    for line in (line for line in logs if line["event"] in STORY):
        assert STORY[line["event"]](line)


def test_our_cost_is_what_vast_bills(stage: Stage) -> None:
    """The figure that people read is the provider's, the bytes of the image included, but for one look of delay."""
    loop = stage.provisioner()
    (job,) = stage.order()
    (row,) = stage.ready(loop)
    stage.claim(job, row.id)
    stage.run(loop, seconds=600)
    stage.cancel_all()
    with capture_logs() as logs:
        stage.gone(loop)
    (ours,) = [line["cost_usd"] for line in logs if line["event"] == "instance destroyed"]
    (bill,) = stage.vast.instances()
    assert ours == pytest.approx(bill["total_usd"], rel=0.02)


def test_ready_is_the_workers_own_word(stage: Stage) -> None:
    """A running container whose worker says nothing is not ready: it is replaced, and billed no longer."""
    stage.all_silent = True
    loop = stage.provisioner()
    stage.order()
    first = stage.until(loop, lambda: stage.rows(State.BOOTING))[0]
    stage.until(loop, lambda: [row for row in stage.every_row() if row.id != first.id], at_most_s=300)
    stage.until(loop, lambda: len(stage.vast.billing()) == 1)
    ended = stage.ledger.instances.get(first.id)
    assert ended is not None
    assert ended.end_reason == "runs, but no worker came up"
    stage.all_silent = False
    (second,) = stage.ready(loop)
    assert second.machine_id != first.machine_id


def test_a_machine_that_never_boots_is_replaced_at_its_deadline(stage: Stage) -> None:
    """A host that pulls for ever costs storage and a waiting member."""
    stage.vast.fault("stuck_loading", count=1)
    loop = stage.provisioner()
    stage.order()
    (row,) = stage.until(loop, lambda: stage.rows(State.READY), at_most_s=400)
    first, second = stage.every_row()
    assert second.id == row.id
    assert "not ready after" in (first.end_reason or "")
    assert first.machine_id != second.machine_id
    stage.until(loop, lambda: len(stage.vast.billing()) == 1)
    assert (second.intended_at - first.intended_at).total_seconds() <= 300 + 15


def test_a_quick_host_is_given_up_sooner(stage: Stage) -> None:
    """The deadline is the offer's: said when it is rented, shown while it boots, and kept long before the longest."""
    stage.profile(boot_deadline_s=900, boot_deadline_min_s=30)
    stage.vast.fault("stuck_loading", count=1)
    loop = stage.provisioner()
    stage.order()
    (first,) = stage.until(loop, lambda: stage.rows(State.PULLING))
    assert first.boot_expected_s is not None
    assert first.boot_deadline_s is not None
    assert 60 < first.boot_expected_s < first.boot_deadline_s / 2 < 350
    assert first.reason.endswith(Boot(None, first.boot_expected_s, first.boot_deadline_s).sentence)
    data = showing.status_data(None, [first], None, now=stage.clock())
    table = showing.status_table(data)
    assert [*table.columns[5].cells] == [
        f"at {first.boot_expected_s / 60:.1f}, at most {first.boot_deadline_s / 60:.1f} min"
    ]
    (second,) = stage.until(loop, lambda: stage.rows(State.READY), at_most_s=900)
    waited_s = (second.intended_at - first.intended_at).total_seconds()
    assert first.boot_deadline_s < waited_s <= first.boot_deadline_s + 15
    stage.until(loop, lambda: len(stage.vast.billing()) == 1)


def test_a_burst_rents_more_and_the_surplus_goes(stage: Stage) -> None:
    """As many as the work deserves, never more than the cap, and back to none."""
    loop = stage.provisioner()
    jobs = stage.order(9, width=1024, height=1024, num_inference_steps=50)
    for job, row in zip(jobs, stage.ready(loop, 3), strict=False):
        stage.claim(job, row.id)
    stage.run(loop, seconds=60)
    assert len(stage.vast.instances()) == 3
    stage.cancel_all()
    stage.gone(loop)


def test_a_worker_of_ones_own_comes_first(stage: Stage) -> None:
    """A card at home that takes jobs is capacity; one that leaves a job lying is not."""
    loop = stage.provisioner()
    stage.order()
    for _ in range(10):
        stage.heartbeat("local")
        stage.run(loop, seconds=5)
    assert not stage.vast.instances()
    for _ in range(10):
        stage.heartbeat("local")
        stage.run(loop, seconds=5)
    assert stage.vast.instances(), "its own worker serves other checkpoints, or is deaf"


def test_a_worker_that_falls_silent_is_replaced(stage: Stage) -> None:
    """A host that vanished in mid-job: destroyed, its job queued again, another machine rented."""
    loop = stage.provisioner()
    (job,) = stage.order()
    (row,) = stage.ready(loop)
    stage.claim(job, row.id)
    stage.vast.vanish(int(row.provider_instance_id or 0))
    stage.redis.delete(f"worker:{row.id}", f"lease:{job.id}")
    stage.until(loop, lambda: stage.job(job).epoch == 2, at_most_s=60)
    assert stage.job(job).lost_hosts == 1
    (second,) = stage.until(loop, lambda: stage.rows(State.READY))
    assert second.id != row.id
    stage.cancel_all()
    stage.gone(loop)


def test_a_machine_is_kept_alive_only_while_it_is_wanted(stage: Stage) -> None:
    """The key that keeps a rented worker from ending itself is renewed while it boots and serves, and then no more."""
    loop = stage.provisioner()
    stage.order()
    (row,) = stage.ready(loop)
    assert word(stage.redis, row.id) is Word.WANTED
    stage.vast.fault("destroy_lies")
    stage.cancel_all()
    stage.until(loop, lambda: stage.rows(State.DESTROYING), at_most_s=180)
    stage.redis.delete(keys.life(row.id))  # its two minutes are over
    stage.run(loop, seconds=30)
    assert word(stage.redis, row.id) is None, "Vast refuses to destroy it, and it must not be told to live on"
    stage.vast.clear_faults()
    stage.gone(loop)


def test_what_came_in_lately_counts_as_load(stage: Stage) -> None:
    """Where the owner set a floor: jobs of the last quarter of an hour, drawn or not; otherwise nobody counts."""
    stage.order(9, width=1024, height=1024, num_inference_steps=50)
    stage.cancel_all()
    assert _load(stage) == 0
    fleet = stage.config_dir / "fleet.toml"
    fleet.write_text(fleet.read_text().replace("[scaling]", "[scaling]\nworkers_per_load = 1.5"))
    assert _load(stage) == pytest.approx(9 * (2 + 50 * 2 * 0.2) / 900)
    stage.clock.advance(901)
    assert _load(stage) == 0


def _load(stage: Stage) -> float:
    return stage.provisioner()._observer.look(stage.clock()).observation.demand.load
