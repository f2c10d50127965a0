"""Where a job is, from what is known."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.progress.stages import FleetView, Phase, expected_s, waiting
from config.registry import Weights
from tasks.ledger import Job
from tasks.lifecycle import JobState
from tasks.schema import FleetStatus, InstanceView, Progress, SafetyRef, Stage
from tests.specs import tiny_spec

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
RATE = 0.5


def job(name: str = "mine", **changes: Any) -> Job:
    values: dict[str, Any] = {
        "id": name,
        "state": JobState.QUEUED,
        "epoch": 1,
        "priority": 0,
        "predicted_units": 20.0,
        "received_at": NOW,
        "spec_json": tiny_spec().payload(),
    }
    return Job(**(values | changes))


def fleet(*stages: str, workers: int = 0, silent_s: float = 1, **changes: Any) -> FleetView:
    instances = tuple(
        InstanceView(instance_id=str(n), stage=stage, gpu="RTX 4090", usd_per_hour=0.4, age_s=30)
        for n, stage in enumerate(stages)
    )
    at = NOW - timedelta(seconds=silent_s)
    status = FleetStatus(at=at, sentence="", instances=instances, boot_estimate_s=100, **changes)
    return FleetView(status=status, workers=workers)


def said(stage: Stage, **changes: Any) -> Progress:
    values: dict[str, Any] = {"job_id": "mine", "epoch": 1, "worker_id": "w", "stage": stage, "at": NOW}
    return Progress(**(values | changes))


@pytest.mark.parametrize(
    ("view", "phase"),
    [
        (fleet(workers=1), Phase.QUEUED),
        (FleetView(workers=1), Phase.QUEUED),
        (fleet(), Phase.RENTING),
        (fleet("intended"), Phase.RENTING),
        (fleet("allocating"), Phase.RENTING),
        (fleet("pulling"), Phase.BOOTING),
        (fleet("intended", "booting"), Phase.BOOTING),
        (fleet("destroying"), Phase.RENTING),
        (fleet(blocked="no offer under $0.60/h"), Phase.BLOCKED),
        (fleet("booting", blocked="the cap is reached"), Phase.BOOTING),
        (fleet(silent_s=61), Phase.SILENT),
        (FleetView(), Phase.SILENT),
    ],
)
def test_a_queued_job_says_what_it_waits_for(view: FleetView, phase: Phase) -> None:
    """Renting, booting and silence are different waits, and each is called by its name."""
    mine = job()
    assert waiting(mine, [mine], fleet=view, news=None, rate=RATE, now=NOW).phase is phase


def test_the_position_counts_the_more_urgent_and_the_older() -> None:
    """The order in which workers take jobs; what is drawn already is not before anybody."""
    mine = job(priority=3)
    queue = [
        mine,
        job("urgent", priority=0, received_at=NOW + timedelta(seconds=9)),
        job("older", priority=3, received_at=NOW - timedelta(seconds=9)),
        job("younger", priority=3, received_at=NOW + timedelta(seconds=9)),
        job("lazy", priority=9, received_at=NOW - timedelta(seconds=99)),
        job("drawn", priority=0, state=JobState.CLAIMED),
        job("posting", priority=0, state=JobState.POSTING),
    ]
    line = waiting(mine, queue, fleet=fleet(workers=1), news=None, rate=RATE, now=NOW)
    assert line.ahead == 2


def test_the_expected_wait_adds_boot_queue_and_work() -> None:
    """100 s of booting, 30 s of them gone; then two jobs of 12 s and the posting."""
    mine = job()
    assert expected_s(mine, [job("other")], fleet=fleet("booting"), rate=RATE, now=NOW) == 70 + 12 + 12 + 2


def test_more_workers_shorten_the_wait() -> None:
    """The queue is shared out."""
    ahead = [job(str(n)) for n in range(4)]
    one = expected_s(job(), ahead, fleet=fleet(workers=1), rate=RATE, now=NOW)
    two = expected_s(job(), ahead, fleet=fleet(workers=2), rate=RATE, now=NOW)
    assert one == 4 * 12 + 12 + 2
    assert two == 2 * 12 + 12 + 2


@pytest.mark.parametrize("view", [FleetView(), fleet(silent_s=61), fleet(blocked="no offer")])
def test_nothing_is_promised_where_nobody_knows(view: FleetView) -> None:
    """No estimate is better than an invented one."""
    assert expected_s(job(), [], fleet=view, rate=RATE, now=NOW) is None


def test_the_workers_word_is_the_stage() -> None:
    """Step n of m, and when it will be ready."""
    mine = job(state=JobState.CLAIMED)
    news = said(Stage.SAMPLING, step=5, steps=20, seconds_left=9.0)
    line = waiting(mine, [mine], fleet=fleet(workers=1), news=news, rate=RATE, now=NOW)
    assert (line.phase, line.step, line.steps) == (Phase.SAMPLING, 5, 20)
    assert line.ready_at == NOW + timedelta(seconds=9)


def test_news_of_an_earlier_attempt_is_ignored() -> None:
    """The machine that vanished draws no more."""
    mine = job(epoch=2)
    line = waiting(mine, [mine], fleet=fleet(workers=1), news=said(Stage.ENCODING), rate=RATE, now=NOW)
    assert line.phase is Phase.QUEUED


@pytest.mark.parametrize(
    ("changes", "preview"),
    [({"worker_id": "w"}, "cat"), ({"worker_id": "w", "spoiler": True}, ""), ({"worker_id": "another"}, ""), ({}, "")],
)
def test_a_preview_is_that_of_the_jobs_own_worker(changes: dict[str, Any], preview: str) -> None:
    """And of no job whose pictures are hidden."""
    mine = job(state=JobState.CLAIMED, **changes)
    news = said(Stage.SAMPLING, preview="cat")
    assert waiting(mine, [mine], fleet=fleet(workers=1), news=news, rate=RATE, now=NOW).preview == preview


def test_what_a_safety_checker_has_yet_to_judge_has_no_preview() -> None:
    """An older worker may send one."""
    checked = tiny_spec(safety=SafetyRef(id="adult", weights=Weights(source="file:var/safety")))
    mine = job(state=JobState.CLAIMED, worker_id="w", spec_json=checked.payload())
    line = waiting(mine, [mine], fleet=fleet(workers=1), news=said(Stage.SAMPLING, preview="cat"), rate=RATE, now=NOW)
    assert line.preview == ""


@pytest.mark.parametrize("left", [1e300, -5.0])
def test_no_number_of_a_worker_breaks_the_line(left: float) -> None:
    """A hostile worker's estimate is only shown, within reason."""
    mine = job(state=JobState.CLAIMED)
    news = said(Stage.SAMPLING, step=99, steps=-1, seconds_left=left)
    line = waiting(mine, [mine], fleet=fleet(workers=1), news=news, rate=RATE, now=NOW)
    assert line.ready_at is not None
    assert NOW <= line.ready_at <= NOW + timedelta(hours=6)


@pytest.mark.parametrize("state", [JobState.RENDERED, JobState.POSTING])
def test_a_rendered_job_is_being_posted(state: JobState) -> None:
    """Whatever a worker still says."""
    mine = job(state=state)
    line = waiting(mine, [mine], fleet=fleet(), news=said(Stage.SAMPLING), rate=RATE, now=NOW)
    assert line.phase is Phase.POSTING
