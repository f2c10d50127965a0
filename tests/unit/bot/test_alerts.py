"""What the owner hears of, from which moment on, and under which key, so that it is said once."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.progress.stages import FleetView
from bot.watch.alerts import Scene, alerts
from bot.watch.metrics import Metrics
from bot.wording.catalogue import say
from tasks.errors import ErrorCode
from tasks.ledger import Instance, Job
from tasks.ledger.alerts import Notice
from tasks.lifecycle import JobState
from tasks.schema import Failure, FleetStatus

NOW = datetime(2026, 11, 21, 12, 30, tzinfo=UTC)


def status(**values: object) -> FleetStatus:
    return FleetStatus(at=NOW, sentence="as it should be", **({"usd_per_day_cap": 10.0} | values))


def keys(scene: Scene) -> list[str]:
    return [alert.key for alert in alerts(scene, now=NOW)]


def job(minutes: float, state: JobState = JobState.QUEUED, code: ErrorCode | None = None) -> Job:
    failure = None if code is None else Failure(code=code).payload()
    return Job(id="x", state=state, received_at=NOW - timedelta(minutes=minutes), channel_id=5, failure_json=failure)


@pytest.mark.parametrize(
    ("spent", "expected"), [(7.99, []), (8.0, ["budget_80:2026-11-21"]), (10.0, ["budget_cap:2026-11-21"])]
)
def test_the_budget_at_80_percent_and_at_the_cap(spent: float, expected: list[str]) -> None:
    """Once a day each."""
    assert keys(Scene(fleet=FleetView(status=status(usd_today=spent)), queue=())) == expected


def test_a_machine_that_never_became_ready() -> None:
    """Once per machine, when it is given back; one that worked, or still boots, or may still cost, is no news."""
    lost = Instance(id="a", gpu="RTX", machine_id="7", created_at=NOW, destroyed_at=NOW, ready_at=None)
    good = Instance(id="b", gpu="RTX", machine_id="7", created_at=NOW, destroyed_at=NOW, ready_at=NOW)
    boots = Instance(id="c", gpu="RTX", machine_id="7", created_at=NOW, destroyed_at=None, ready_at=None)
    scene = Scene(fleet=FleetView(), queue=(), machines=(lost, good, boots))
    assert keys(scene) == ["never_ready:a"]


def test_what_the_provisioner_put_down_is_told() -> None:
    """An orphan, or charges that differ: its own key and sentence, in whichever language."""
    notice = Notice(key="orphan:77", about="orphan", values_json={"gpu": "RTX", "label": "x", "usd_per_hour": "0.4"})
    (alert,) = alerts(Scene(fleet=FleetView(), queue=(), notices=(notice,)), now=NOW)
    assert alert.key == "orphan:77"
    assert "RTX" in say(f"alert.{alert.about}", **{name: str(value) for name, value in alert.values.items()})


def test_posts_that_fail_and_jobs_that_wait_for_nothing() -> None:
    """Three an hour; ten minutes without any worker, with the fleet's reason or its silence."""
    failed = [job(5, JobState.FAILED, ErrorCode.CANNOT_POST)] * 3
    assert keys(Scene(fleet=FleetView(), queue=(), failed=failed)) == ["posts:2026-11-21T12"]
    assert keys(Scene(fleet=FleetView(), queue=(), failed=failed[:2])) == []
    assert keys(Scene(fleet=FleetView(), queue=[job(11)])) == ["silent:2026-11-21T12"]
    assert keys(Scene(fleet=FleetView(status=status(blocked="no offer")), queue=[job(11)])) == ["no_gpu:2026-11-21T12"]
    assert keys(Scene(fleet=FleetView(status=status()), queue=[job(9)])) == []
    assert keys(Scene(fleet=FleetView(status=status(), workers=1), queue=[job(60)])) == []


def test_metrics_show_zero_and_count_each_end_once() -> None:
    """A state without jobs is zero and not missing."""
    metrics = Metrics()
    metrics.see_queue([job(1)])
    metrics.see_fleet(FleetView(status=status(usd_today=1.5), workers=2))
    posted = Job(id="y", state=JobState.POSTED, received_at=NOW, ended_at=NOW + timedelta(seconds=30))
    metrics.see_ended([posted, job(1, JobState.FAILED, ErrorCode.CANNOT_POST)])
    read = metrics.registry.get_sample_value
    assert (read("easel_jobs", {"state": "queued"}), read("easel_jobs", {"state": "claimed"})) == (1, 0)
    assert (read("easel_usd_today"), read("easel_workers")) == (1.5, 2)
    assert (read("easel_wait_seconds_sum"), read("easel_post_failures_total")) == (30, 1)
