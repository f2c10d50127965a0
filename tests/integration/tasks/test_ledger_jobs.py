"""Jobs in the ledger, on SQLite and PostgreSQL: whoever comes late changes nothing, and nothing is lost."""

import threading
from datetime import timedelta

import pytest
from ulid import ULID

from tasks.errors import ErrorCode
from tasks.ledger import Intent, Job, Ledger
from tasks.lifecycle import JobState
from tasks.schema import BlobRef, Failure, Rendered, Timings
from tests.conftest import ManualClock
from tests.specs import new_job, tiny_spec

FAULT = Failure(code=ErrorCode.WORKER_FAULT, detail="boom")


def queued(ledger: Ledger, clock: ManualClock, **changes: object) -> Job:
    new = new_job(**changes)
    ledger.jobs.receive(new, now=clock())
    job = ledger.jobs.queue(new.id, now=clock())
    assert job is not None
    return job


def result_of(job: Job, clock: ManualClock) -> Rendered:
    blob = BlobRef(key="blob:x:1.0", seed=7, width=64, height=64, size_bytes=9, sha256="0" * 64)
    return Rendered(
        job_id=job.id, epoch=job.epoch, worker_id="w", images=(blob,), timings=Timings(sample_s=4.0), at=clock()
    )


def drawn(ledger: Ledger, clock: ManualClock) -> Job:
    job = queued(ledger, clock)
    ledger.jobs.claimed(job.id, epoch=1, worker_id="w", now=clock())
    rendered = ledger.jobs.rendered(result_of(job, clock), now=clock())
    assert rendered is not None
    return rendered


def test_a_job_carries_what_drawing_it_cost(ledger: Ledger, clock: ManualClock) -> None:
    """The machine's price for its time, by the worker's word and never longer than our own clock; none at home."""
    assert drawn(ledger, clock).cost_usd is None
    rent(ledger, clock, "w2", usd_per_hour=0.36)
    honest, liar = (queued(ledger, clock) for _ in range(2))
    for job, told_s in ((honest, 20.0), (liar, 9000.0)):
        ledger.jobs.claimed(job.id, epoch=1, worker_id="w2", now=clock())
        clock.advance(30)
        result = result_of(job, clock)
        result = result.model_copy(update={"worker_id": "w2", "timings": Timings(sample_s=told_s)})
        assert ledger.jobs.rendered(result, now=clock()) is not None
    costs = [found.cost_usd for job in (honest, liar) if (found := ledger.jobs.get(job.id)) is not None]
    assert costs == [pytest.approx(0.002), pytest.approx(0.003)]


def rent(ledger: Ledger, clock: ManualClock, name: str, *, usd_per_hour: float) -> None:
    """A machine whose worker has this id."""
    ledger.leadership.acquire("fleet", holder="test", ttl=timedelta(minutes=1), now=clock())
    intent = Intent(
        id=name,
        label=f"easel/test/{name}",
        provider="vast",
        profile="p",
        offer={},
        gpu="RTX 4090",
        machine_id="m",
        usd_per_hour=usd_per_hour,
        storage_usd_per_hour=0.01,
        reason="",
    )
    ledger.instances.intend(intent, role="fleet", leader_epoch=1, now=clock())


def test_a_replayed_interaction_is_one_job(ledger: Ledger, clock: ManualClock) -> None:
    """Discord's resume replays events: the same interaction finds its first row."""
    first, again = new_job(interaction_id=2**62), new_job(interaction_id=2**62)
    assert ledger.jobs.receive(first, now=clock()).created
    receipt = ledger.jobs.receive(again, now=clock())
    assert not receipt.created
    assert receipt.job.id == first.id


def test_the_order_survives_storage(ledger: Ledger, clock: ManualClock) -> None:
    """Spec, ids beyond 32 bits and instants come back as they went in."""
    new = new_job(spec=tiny_spec(prompt="ein Stern ★", seeds=(0, 2**32 - 1)), user_id=2**63 - 1)
    ledger.jobs.receive(new, now=clock())
    job = ledger.jobs.get(new.id)
    assert job is not None
    assert (job.spec, job.user_id, job.received_at) == (new.spec, 2**63 - 1, clock())


def test_the_way_to_posted(ledger: Ledger, clock: ManualClock) -> None:
    """Every step in order, each once; the token is forgotten at the end."""
    job = drawn(ledger, clock)
    assert (job.state, job.attempts) == (JobState.RENDERED, 1)
    assert ledger.jobs.begin_posting(job.id, now=clock(), stale_after=timedelta(minutes=1)) is not None
    posted = ledger.jobs.posted(job.id, message_id=99, route="original", now=clock())
    assert posted is not None
    assert (posted.state, posted.posted_message_id, posted.interaction_token) == (JobState.POSTED, 99, None)
    assert ledger.jobs.finished_by(["w"]) == {"w": 1}


def test_a_stale_epoch_changes_nothing(ledger: Ledger, clock: ManualClock) -> None:
    """A worker that was given up for lost may come back: its claim and its result are void."""
    job = queued(ledger, clock)
    ledger.jobs.claimed(job.id, epoch=1, worker_id="lost", now=clock())
    again = ledger.jobs.retry_or_fail(job.id, epoch=1, failure=FAULT, now=clock())
    assert again is not None
    assert (again.state, again.epoch, again.published_at) == (JobState.QUEUED, 2, None)
    assert ledger.jobs.claimed(job.id, epoch=1, worker_id="lost", now=clock()) is None
    assert ledger.jobs.rendered(result_of(job, clock), now=clock()) is None
    assert ledger.jobs.failed(job.id, epoch=1, failure=FAULT, now=clock()) is None


def test_a_result_counts_even_if_its_claim_was_lost(ledger: Ledger, clock: ManualClock) -> None:
    """The news of the claim may get lost; the pictures are there all the same."""
    job = queued(ledger, clock)
    rendered = ledger.jobs.rendered(result_of(job, clock), now=clock())
    assert rendered is not None
    assert rendered.state == JobState.RENDERED


def test_three_attempts_end_a_job(ledger: Ledger, clock: ManualClock) -> None:
    """A poison job does not travel the fleet for ever."""
    job = queued(ledger, clock)
    states = []
    for epoch in (1, 2, 3):
        ledger.jobs.claimed(job.id, epoch=epoch, worker_id=f"w{epoch}", now=clock())
        ended = ledger.jobs.retry_or_fail(job.id, epoch=epoch, failure=FAULT, now=clock())
        assert ended is not None
        states.append(ended.state)
    assert states == [JobState.QUEUED, JobState.QUEUED, JobState.FAILED]
    assert ended is not None
    assert ended.failure is not None
    assert ended.failure.code == ErrorCode.TOO_MANY_ATTEMPTS


def test_two_lost_hosts_end_a_job(ledger: Ledger, clock: ManualClock) -> None:
    """A job that takes its machines down with it is stopped after the second."""
    job = queued(ledger, clock)
    for epoch in (1, 2):
        ledger.jobs.claimed(job.id, epoch=epoch, worker_id=f"w{epoch}", now=clock())
        ended = ledger.jobs.retry_or_fail(job.id, epoch=epoch, failure=FAULT, now=clock(), host_lost=True)
    assert ended is not None
    assert ended.failure is not None
    assert (ended.state, ended.failure.code) == (JobState.FAILED, ErrorCode.HOSTS_LOST)


def test_what_cannot_help_is_not_retried(ledger: Ledger, clock: ManualClock) -> None:
    """A size out of limits stays out of limits on every machine."""
    job = queued(ledger, clock)
    ledger.jobs.claimed(job.id, epoch=1, worker_id="w", now=clock())
    refusal = Failure(code=ErrorCode.SIZE_OUT_OF_LIMITS, data={"limit": "1"})
    ended = ledger.jobs.retry_or_fail(job.id, epoch=1, failure=refusal, now=clock())
    assert ended is not None
    assert (ended.state, ended.failure) == (JobState.FAILED, refusal)
    assert [untold.id for untold in ledger.jobs.untold()] == [job.id]
    ledger.jobs.told(job.id, now=clock())
    assert not ledger.jobs.untold()


def test_cancel_races_the_result(ledger: Ledger, clock: ManualClock) -> None:
    """Exactly one of the two wins."""
    job = queued(ledger, clock)
    assert ledger.jobs.cancel(job.id, now=clock()) is not None
    assert ledger.jobs.rendered(result_of(job, clock), now=clock()) is None
    other = drawn(ledger, clock)
    assert ledger.jobs.cancel(other.id, now=clock()) is None


def test_one_courier_posts(ledger: Ledger, clock: ManualClock) -> None:
    """The second courier stands back until the first has been silent for too long."""
    job = drawn(ledger, clock)
    stale = timedelta(minutes=1)
    assert ledger.jobs.begin_posting(job.id, now=clock(), stale_after=stale) is not None
    assert ledger.jobs.begin_posting(job.id, now=clock(), stale_after=stale) is None
    ledger.jobs.post_attempted(job.id, now=clock())
    first_attempt = clock()
    taken_over = ledger.jobs.begin_posting(job.id, now=clock.advance(61), stale_after=stale)
    assert taken_over is not None
    assert taken_over.post_attempted_at == first_attempt


def test_only_one_of_many_claims_wins(ledger: Ledger, clock: ManualClock) -> None:
    """Compare-and-set holds under real concurrency."""
    job = queued(ledger, clock)
    winners: list[str] = []

    def claim(worker_id: str) -> None:
        if ledger.jobs.claimed(job.id, epoch=1, worker_id=worker_id, now=clock()) is not None:
            winners.append(worker_id)

    threads = [threading.Thread(target=claim, args=(f"w{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    row = ledger.jobs.get(job.id)
    assert row is not None
    assert winners == [row.worker_id]
    assert row.attempts == 1


def test_fairness_is_set_at_the_door(ledger: Ledger, clock: ManualClock) -> None:
    """The first job of a second user overtakes the burst of the first."""
    burst = [queued(ledger, clock, user_id=1) for _ in range(5)]
    single = queued(ledger, clock, user_id=2)
    assert [job.priority for job in burst] == [0, 3, 6, 9, 9]
    assert single.priority == 0
    urgency = [(job.priority, job.received_at) for job in ledger.jobs.outstanding()]
    assert sum(each < (single.priority, single.received_at) for each in urgency) <= 1


def test_tokens_are_forgotten(ledger: Ledger, clock: ManualClock) -> None:
    """What Discord no longer takes is not kept."""
    job = queued(ledger, clock)
    assert ledger.jobs.forget_tokens(before=clock()) == 0
    clock.advance(900)
    assert ledger.jobs.forget_tokens(before=clock()) == 1
    row = ledger.jobs.get(job.id)
    assert row is not None
    assert row.interaction_token is None


def test_expired_jobs_are_told(ledger: Ledger, clock: ManualClock) -> None:
    """Waiting has an end, with a sentence."""
    job = queued(ledger, clock)
    expired = ledger.jobs.expire(job.id, now=clock.advance(10**5))
    assert expired is not None
    assert expired.failure is not None
    assert [row.id for row in ledger.jobs.untold()] == [job.id]


def test_speed_is_read_from_posted_jobs(ledger: Ledger, clock: ManualClock) -> None:
    """Predictions learn from what really finished."""
    job = drawn(ledger, clock)
    ledger.jobs.begin_posting(job.id, now=clock(), stale_after=timedelta(minutes=1))
    assert ledger.jobs.recent_speeds() == []
    ledger.jobs.posted(job.id, message_id=1, route="original", now=clock())
    [(units, seconds)] = ledger.jobs.recent_speeds()
    assert units == pytest.approx(job.predicted_units)
    assert seconds == 4.0


def test_an_unknown_job_is_none(ledger: Ledger, clock: ManualClock) -> None:
    """A made-up id from outside is no crash."""
    assert ledger.jobs.get(str(ULID())) is None
    assert ledger.jobs.cancel(str(ULID()), now=clock()) is None
    assert ledger.jobs.retry_or_fail(str(ULID()), epoch=1, failure=FAULT, now=clock()) is None
