"""A job comes back from wherever it was lost, and ends when it cannot: nobody waits for ever."""

from itertools import pairwise

import pytest
from sqlalchemy import text

from provisioner.lifecycle import State
from tasks import backlog, keys, leases, routing
from tasks.errors import ErrorCode
from tasks.ledger import Job
from tasks.lifecycle import JobState
from tasks.schema import WorkerState
from tests.integration.provisioner.stage import Stage, as_text, change


@pytest.fixture
def stage_with_own_worker(stage: Stage) -> Stage:
    """Nothing need be rented: a worker at home is there."""
    stage.fleet(max_instances=0)
    return stage


def sweep(stage: Stage, *, seconds: float) -> None:
    loop = stage.provisioner()
    for _ in range(int(seconds // 2)):
        stage.heartbeat("local", WorkerState.BUSY)
        loop.tick()
        stage.clock.advance(2)


def test_a_lost_message_is_published_again(stage_with_own_worker: Stage) -> None:
    """Popped by a host that vanished, or wiped with Redis: back with the next epoch, once."""
    stage = stage_with_own_worker
    (job,) = stage.order()
    stage.lose_message(job)
    sweep(stage, seconds=8)
    assert stage.messages(job) == set(), "it may only just have been taken"
    sweep(stage, seconds=10)
    assert stage.messages(job) == {2}
    assert stage.job(job).epoch == 2
    assert stage.job(job).attempts == 0
    assert stage.redis.get(keys.epoch(job.id)) == b"2"
    sweep(stage, seconds=30)
    assert stage.job(job).epoch == 2


def test_a_message_that_waits_is_left_alone(stage_with_own_worker: Stage) -> None:
    """However long the queue: what is somewhere is not drawn twice."""
    stage = stage_with_own_worker
    jobs = stage.order(5)
    sweep(stage, seconds=60)
    assert [stage.messages(job) for job in jobs] == [{1}] * 5


def test_a_claim_without_a_lease_comes_back(stage_with_own_worker: Stage) -> None:
    """The worker died: its lease ran out, and the next attempt begins."""
    stage = stage_with_own_worker
    (job,) = stage.order()
    claimed = stage.claim(job, "local")
    sweep(stage, seconds=20)
    assert stage.job(job).state is JobState.CLAIMED
    stage.redis.delete(keys.lease(job.id))
    sweep(stage, seconds=3)
    again = stage.job(job)
    assert (again.state, again.epoch, again.attempts) == (JobState.QUEUED, claimed.epoch + 1, 1)
    assert stage.messages(job) == {2}


def test_three_attempts_end_it(stage_with_own_worker: Stage) -> None:
    """A poison job does not kill workers for ever; its member is told."""
    stage = stage_with_own_worker
    (job,) = stage.order()
    for attempt in range(1, 4):
        assert stage.job(job).attempts == attempt - 1
        stage.claim(stage.job(job), "local")
        stage.redis.delete(keys.lease(job.id))
        sweep(stage, seconds=10)
    assert_ended(stage, job, JobState.FAILED, ErrorCode.TOO_MANY_ATTEMPTS)


def test_two_lost_hosts_end_it(stage_with_own_worker: Stage) -> None:
    """A job that takes two machines with it is not given a third."""
    stage = stage_with_own_worker
    (job,) = stage.order()
    for _ in range(2):
        stage.claim(stage.job(job), "vanished")
        stage.redis.delete(keys.lease(job.id))
        sweep(stage, seconds=10)
    assert_ended(stage, job, JobState.FAILED, ErrorCode.HOSTS_LOST)


def test_what_is_too_old_expires(stage_with_own_worker: Stage) -> None:
    """An honest end after the longest wait of the house, and whoever draws it is stopped."""
    stage = stage_with_own_worker
    change(stage.config_dir / "quotas.toml", max_job_age_s=120)
    (job,) = stage.order()
    sweep(stage, seconds=118)
    assert stage.job(job).state is JobState.QUEUED
    sweep(stage, seconds=8)
    assert_ended(stage, job, JobState.EXPIRED, ErrorCode.EXPIRED)
    assert stage.redis.exists(keys.cancel(job.id))


def assert_ended(stage: Stage, job: Job, state: JobState, code: ErrorCode) -> None:
    ended = stage.job(job)
    assert ended.state is state
    assert ended.failure is not None
    assert ended.failure.code is code
    assert stage.redis.get(keys.epoch(job.id)) is None, "what is left of its messages is stale"
    assert job.id in backlog.reported(stage.redis), "a courier is sent to tell the member"


def test_a_message_that_a_worker_sits_on_comes_back(stage_with_own_worker: Stage) -> None:
    """Its heart beats, and it neither works nor lets go: after a minute the job is queued for others."""
    stage = stage_with_own_worker
    (job,) = stage.order()
    raw = stage.redis.lpop("gpu.tiny-sdxl")
    assert isinstance(raw, bytes)
    stage.redis.hset(keys.unacked("local"), "tag", f'[{raw.decode()}, "", "gpu.tiny-sdxl"]')
    assert backlog.unacknowledged(stage.redis, ["local"]) == {(job.id, 1): "local"}
    sweep(stage, seconds=55)
    assert stage.job(job).epoch == 1
    sweep(stage, seconds=60)  # a new process counts from its own first look
    assert stage.job(job).epoch == 1
    sweep(stage, seconds=70)
    assert stage.job(job).epoch == 2
    assert stage.messages(job) == {2}


def test_a_lease_that_is_held_for_hours_is_taken_back(stage_with_own_worker: Stage) -> None:
    """A worker that renews for ever and never ends: an hour is more than any picture needs."""
    stage = stage_with_own_worker
    loop = stage.provisioner()
    (job,) = stage.order()
    stage.claim(job, "local")
    for _ in range(3720 // 60):
        stage.heartbeat("local", WorkerState.BUSY)
        loop.tick()
        stage.clock.advance(60)
    again = stage.job(job)
    assert (again.state, again.epoch) == (JobState.QUEUED, 2)
    assert leases.holder(stage.redis, job.id) is None


def test_a_stale_message_keeps_no_machine(stage: Stage) -> None:
    """A worker that lost its connection never acknowledges an old copy: its machine must end all the same."""
    loop = stage.provisioner()
    (job,) = stage.order()
    (row,) = stage.ready(loop)
    (raw,) = stage.redis.lrange("gpu.tiny-sdxl", 0, -1)
    stage.cancel_all()
    stage.redis.hset(keys.unacked(row.id), "tag", f'[{as_text(raw)}, "", "gpu.tiny-sdxl"]')
    stage.gone(loop, at_most_s=120)
    assert stage.job(job).state is JobState.CANCELLED


def test_one_job_that_cannot_be_helped_hides_no_other(stage_with_own_worker: Stage) -> None:
    """A row that no longer can be read is no reason to forget those behind it."""
    stage = stage_with_own_worker
    poison, good = stage.order(2)
    for job in (poison, good):
        stage.lose_message(job)
    with stage.ledger.engine.begin() as connection:
        connection.execute(text("UPDATE jobs SET spec_json = '{}' WHERE id = :id"), {"id": poison.id})
    sweep(stage, seconds=15)
    assert stage.messages(good) == {2}


def test_a_member_who_left_before_the_queue_is_served(stage_with_own_worker: Stage) -> None:
    """The bot died between writing the job down and queueing it."""
    stage = stage_with_own_worker
    (job,) = stage.order()
    stage.lose_message(job)
    with stage.ledger.engine.begin() as connection:
        connection.execute(text("UPDATE jobs SET state = 'received', epoch = 0, queued_at = NULL, published_at = NULL"))
    sweep(stage, seconds=35)
    assert stage.messages(job) == {1}
    assert stage.job(job).state is JobState.QUEUED


def test_a_destroyed_machine_gives_its_job_back_at_once(stage: Stage) -> None:
    """Nobody waits for the lease of a machine that we end ourselves."""
    loop = stage.provisioner()
    (job,) = stage.order()
    (row,) = stage.ready(loop)
    stage.claim(job, row.id)
    stage.redis.persist(keys.lease(job.id))
    stage.vast.kill(int(row.provider_instance_id or 0))
    stage.silent.add(row.id)
    stage.until(loop, lambda: stage.job(job).epoch == 2, at_most_s=30)
    assert leases.holder(stage.redis, job.id) is None
    stage.cancel_all()
    stage.gone(loop)
    assert {row.state for row in stage.every_row()} == {State.DESTROYED}


def test_an_outage_of_discord_is_not_hammered(stage_with_own_worker: Stage) -> None:
    """A picture that cannot be posted is tried for as long as it takes, at last every two minutes."""
    stage = stage_with_own_worker
    (job,) = stage.order()
    stage.lose_message(job)
    with stage.ledger.engine.begin() as connection:
        connection.execute(text("UPDATE jobs SET state = 'rendered', rendered_at = queued_at"))
    loop, began, tries = stage.provisioner(), stage.clock(), list[float]()
    for _ in range(120):
        stage.heartbeat("local", WorkerState.BUSY)
        loop.tick()
        if stage.redis.delete(routing.CONTROL):  # a courier takes it, and Discord is away
            tries.append((stage.clock() - began).total_seconds())
        stage.clock.advance(5)
    pauses = [later - earlier for earlier, later in pairwise(tries)]
    assert pauses == sorted(pauses)
    assert pauses[0] == 15
    assert set(pauses[3:]) == {120}
