"""Which jobs are lost and which are only on their way."""

from datetime import datetime
from typing import Any

import pytest

from provisioner import sweep
from provisioner.broker import BrokerView
from provisioner.sweep import Expire, FreeLease, Post, Queue, Requeue, Retry, Tell
from tasks.ledger import Job
from tasks.lifecycle import JobState
from tests.unit.provisioner.machines import NOW, ago, heartbeat

S = JobState
ALIVE = {"w1": heartbeat()}
HERE = frozenset({("J", 2)})


def job(state: JobState, **changes: Any) -> Job:
    values: dict[str, Any] = {"id": "J", "state": state, "epoch": 2, "received_at": ago(100), "worker_id": None}
    return Job(**(values | changes))


def queued(seconds: float | None) -> Job:
    published: datetime | None = None if seconds is None else ago(seconds)
    return job(S.QUEUED, queued_at=ago(20), published_at=published)


def claimed(seconds: float) -> Job:
    return job(S.CLAIMED, claimed_at=ago(seconds), worker_id="w1")


@pytest.mark.parametrize(
    ("one", "view", "expected"),
    [
        (job(S.RECEIVED, received_at=ago(29)), BrokerView(), []),
        (job(S.RECEIVED, received_at=ago(31)), BrokerView(), [Queue]),
        # Queued: somewhere, on its way, or nowhere.
        (queued(11), BrokerView(waiting=HERE), []),
        (queued(11), BrokerView(held={("J", 2): "w1"}, heartbeats=ALIVE), []),
        (queued(11), BrokerView(leases={"J": ("w1", 2)}), []),
        (queued(11), BrokerView(reported=frozenset({"J"})), []),
        (queued(9), BrokerView(), []),
        (queued(11), BrokerView(), [Requeue]),
        (queued(11), BrokerView(waiting=frozenset({("J", 1)})), [Requeue]),
        (queued(None), BrokerView(), [Requeue]),
        (job(S.QUEUED, queued_at=ago(9)), BrokerView(), []),
        (queued(11), BrokerView(leases={"J": ("w1", 1)}), [FreeLease, Requeue]),
        (queued(2), BrokerView(waiting=HERE, leases={"J": ("w1", 1)}), [FreeLease]),
        # Claimed: under a lease, or not.
        (claimed(60), BrokerView(leases={"J": ("w1", 2)}), []),
        (claimed(60), BrokerView(reported=frozenset({"J"})), []),
        (claimed(4), BrokerView(), []),
        (claimed(6), BrokerView(), [Retry]),
        # Posting.
        (job(S.RENDERED, rendered_at=ago(14)), BrokerView(), []),
        (job(S.RENDERED, rendered_at=ago(16)), BrokerView(), [Post]),
        (job(S.RENDERED, rendered_at=ago(16)), BrokerView(reported=frozenset({"J"})), []),
        (job(S.POSTING, posting_since=ago(59)), BrokerView(), []),
        (job(S.POSTING, posting_since=ago(61)), BrokerView(), [Post]),
        # Too old: only while a picture is not there yet.
        (job(S.QUEUED, received_at=ago(3601)), BrokerView(waiting=HERE), [Expire]),
        (job(S.RENDERED, received_at=ago(3601), rendered_at=ago(1)), BrokerView(), []),
    ],
)
def test_each_job_gets_what_it_lacks(one: Job, view: BrokerView, expected: list[type]) -> None:
    """What is lost comes back; what is on its way is left alone, or it would be drawn twice."""
    found = sweep.decide([one], [], view, gone_workers=(), max_age_s=3600, now=NOW)
    assert [type(remedy) for remedy in found] == expected


def test_a_destroyed_machine_gives_its_jobs_back_at_once() -> None:
    """Nobody waits for the lease of a machine that is being destroyed, and the host counts as lost."""
    view = BrokerView(leases={"J": ("w1", 2)}, heartbeats=ALIVE, held={("J", 2): "w1"})
    freed, retry = sweep.decide([claimed(1)], [], view, gone_workers=["w1"], max_age_s=3600, now=NOW)
    assert isinstance(freed, FreeLease)
    assert isinstance(retry, Retry)
    assert retry.host_lost
    taken = sweep.decide([queued(11)], [], view, gone_workers=["w1"], max_age_s=3600, now=NOW)
    assert [type(remedy) for remedy in taken] == [FreeLease, Requeue]


def test_a_living_worker_that_dropped_its_lease_is_no_lost_host() -> None:
    """Two lost hosts end a job; a worker that only let go must not count."""
    view = BrokerView(heartbeats=ALIVE)
    (retry,) = sweep.decide([claimed(6)], [], view, gone_workers=(), max_age_s=3600, now=NOW)
    assert isinstance(retry, Retry)
    assert not retry.host_lost


def test_the_untold_are_told_once_at_a_time() -> None:
    """A courier that has the message already is not sent another."""
    ended = job(S.FAILED)
    assert [type(one) for one in sweep.decide([], [ended], BrokerView(), gone_workers=(), max_age_s=9, now=NOW)] == [
        Tell
    ]
    view = BrokerView(reported=frozenset({"J"}))
    assert sweep.decide([], [ended], view, gone_workers=(), max_age_s=9, now=NOW) == []


def test_what_a_worker_sits_on_is_taken_from_it() -> None:
    """Held for longer than any job takes: the lease is freed, and the attempt counts where one had begun."""
    view = BrokerView(leases={"J": ("w1", 2)}, heartbeats=ALIVE)
    found = sweep.decide([claimed(60)], [], view, gone_workers=(), max_age_s=9999, now=NOW, stuck={"J"})
    assert [type(one) for one in found] == [FreeLease, Retry]
    view = BrokerView(held={("J", 2): "w1"}, heartbeats=ALIVE)
    found = sweep.decide([queued(70)], [], view, gone_workers=(), max_age_s=9999, now=NOW, stuck={"J"})
    assert [type(one) for one in found] == [Requeue]
