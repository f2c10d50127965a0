"""Each rented machine has a Redis user of its own: enough to work as Celery's consumer, and not one right more."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from celery.contrib.testing.worker import start_worker
from redis import Redis
from redis.exceptions import AuthenticationError, NoPermissionError
from redis.exceptions import ConnectionError as RedisConnectionError

from gpu_worker import claims
from gpu_worker.celery_app import make_worker_app, serve_renders
from gpu_worker.former_life import forget
from gpu_worker.handover import Handover
from gpu_worker.served import Served
from provisioner.credentials import WorkerUsers, new_credential, worker_url
from tasks import backlog, keys, served
from tasks.app import make_app
from tasks.leases import Lease
from tasks.publishing import Publisher
from tasks.schema import Heartbeat, Progress, Timings, WorkerState
from tasks.schema import Stage as JobStage
from tests.integration.provisioner.stage import Stage, soon
from tests.redis_server import RedisServer
from tests.specs import TINY_REF, tiny_spec


@pytest.fixture
def machine(stage: Stage) -> tuple[str, str]:
    """The id of a rented machine, and the address of Redis that its process was given."""
    loop = stage.provisioner()
    stage.order()
    (row,) = stage.ready(loop)
    return row.id, stage.worker_url(row.provider_instance_id)


def test_a_celery_consumer_works_with_exactly_these_rights(stage: Stage, machine: tuple[str, str]) -> None:
    """From the message to the hand-over through our worker's own code, under the machine's own user."""
    worker_id, url = machine
    (job,) = stage.ledger.jobs.outstanding()
    redis = Redis.from_url(url)
    app = make_worker_app(url, worker_id=worker_id, checkpoints=[job.spec.checkpoint.id])
    handover = Handover(Publisher(app, redis), redis, worker_id=worker_id, now=lambda: datetime.now(UTC))
    done: list[str] = []

    def render(message: dict[str, Any]) -> None:
        work(message["job_id"], redis, handover, worker_id)
        done.append(message["job_id"])

    serve_renders(app, render)
    redis.set(keys.heartbeat(worker_id), beat(worker_id), px=keys.HEARTBEAT_TTL)
    forget(redis, worker_id)
    with start_worker(app, pool="threads", concurrency=1, perform_ping_check=False, shutdown_timeout=20):
        soon(lambda: done)
        soon(lambda: not backlog.unacknowledged(stage.redis, [worker_id]))
    assert done == [job.id]
    assert stage.messages(job) == set()
    assert backlog.reported(stage.redis) == {job.id}


def work(job_id: str, redis: Redis, handover: Handover, worker_id: str) -> None:
    """What a job does in Redis, without drawing."""
    assert claims.is_current(redis, job_id, epoch=1)
    assert not claims.is_cancelled(redis, job_id)
    lease = Lease(redis, job_id, epoch=1, worker_id=worker_id)
    assert lease.acquire()
    handover.claimed(job_id, epoch=1)
    news = Progress(job_id=job_id, epoch=1, worker_id=worker_id, stage=JobStage.LOADING, at=datetime.now(UTC))
    redis.publish(keys.progress(job_id), news.write())
    assert lease.renew()
    picture = handover.store(job_id, 0, epoch=1, png=b"picture", seed=7, size=(64, 64))
    handover.rendered(job_id, epoch=1, images=[picture], timings=Timings())
    lease.finish()


def beat(worker_id: str) -> str:
    now = datetime.now(UTC)
    return Heartbeat(worker_id=worker_id, state=WorkerState.IDLE, since=now, at=now).write()


def test_a_machine_learns_of_a_model_that_was_published_after_it_was_rented(
    stage: Stage, machine: tuple[str, str]
) -> None:
    """With the rights of its own user, and in a process that consumes already."""
    worker_id, url = machine
    app = make_worker_app(url, worker_id=worker_id, checkpoints=["tiny-sdxl"])
    drawn: list[str] = []
    serve_renders(app, lambda message: drawn.append(message["job_id"]))
    learning = Served(Redis.from_url(url), app, ("tiny-sdxl",), lambda _ids: None)
    with start_worker(app, pool="threads", concurrency=1, perform_ping_check=False, shutdown_timeout=20) as worker:
        over = learning.start(worker.consumer)
        served.announce(stage.redis, ["tiny-sdxl", "published"])
        spec = tiny_spec(checkpoint=TINY_REF.model_copy(update={"id": "published"}))
        publisher = Publisher(make_app(stage.redis_url, client_name="test"), stage.redis)
        publisher.render("NEW", epoch=1, spec=spec, priority=0, now=datetime.now(UTC))
        soon(lambda: "NEW" in drawn)
        over.set()


@pytest.fixture(scope="module")
def own_user(shared_redis_server: RedisServer) -> Iterator[Redis]:
    """Logged in as a worker's user, as the launcher makes it."""
    admin = Redis.from_url(shared_redis_server.url)
    credential = new_credential()
    WorkerUsers(admin).grant("w1", credential.sha256)
    yield Redis.from_url(worker_url(shared_redis_server.url, "w1", credential.password))
    WorkerUsers(admin).revoke("w1")


def raw(redis: Redis, *command: str) -> object:
    return redis.execute_command(*command)  # type: ignore[no-untyped-call]


FORBIDDEN: dict[str, Callable[[Redis], object]] = {
    "KEYS": lambda redis: redis.keys("*"),
    "SCAN": lambda redis: redis.scan(),
    "FLUSHALL": lambda redis: redis.flushall(),
    "CONFIG": lambda redis: redis.config_get("*"),
    "ACL": lambda redis: redis.acl_list(),
    "EVAL": lambda redis: redis.eval("return redis.call('GET', 'fleet:status')", 0),
    "MONITOR": lambda redis: raw(redis, "MONITOR"),
    "CLIENT KILL": lambda redis: redis.client_kill_filter(_type="normal"),
    "CLIENT LIST": lambda redis: redis.client_list(),
    "SUBSCRIBE": lambda redis: raw(redis, "SUBSCRIBE", "progress:1"),
    "PUBLISH elsewhere": lambda redis: redis.publish(keys.FLEET_WAKE, "1"),
    "LPOP": lambda redis: redis.lpop("gpu.tiny-sdxl"),
    "LLEN": lambda redis: redis.llen("gpu.tiny-sdxl"),
    "DEBUG": lambda redis: raw(redis, "DEBUG", "SLEEP", "0"),
    "SHUTDOWN": lambda redis: raw(redis, "SHUTDOWN", "NOSAVE"),
    "another worker's messages": lambda redis: redis.hvals(keys.unacked("another")),
    "another worker's heartbeat": lambda redis: redis.set(keys.heartbeat("another"), "x"),
    "another worker's code": lambda redis: redis.hset(keys.release("another"), "name", "x"),
    "what another worker asked for": lambda redis: redis.hget(keys.upload("another"), "x"),
    "the fleet's status": lambda redis: redis.get(keys.FLEET_STATUS),
    "the lock of a message": lambda redis: redis.delete(keys.message_lock("1")),
    "a key of nobody": lambda redis: redis.set("anything", "x"),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_what_a_machine_must_not_do_is_refused(own_user: Redis, what: str) -> None:
    """A rented machine belongs to a stranger: it cannot look around, take another's place or fill our Redis."""
    with pytest.raises(NoPermissionError):
        FORBIDDEN[what](own_user)


def test_the_user_dies_with_the_machine(stage: Stage, machine: tuple[str, str]) -> None:
    """What was copied from a machine opens nothing any more, and open connections are cut."""
    worker_id, url = machine
    redis = Redis.from_url(url)
    redis.set(keys.heartbeat(worker_id), "x")
    loop = stage.provisioner()
    stage.cancel_all()
    stage.gone(loop)
    assert stage.users() == []
    with pytest.raises((RedisConnectionError, AuthenticationError)):
        redis.set(keys.heartbeat(worker_id), "x")
    with pytest.raises(AuthenticationError):
        Redis.from_url(url).ping()


def test_a_refused_order_leaves_no_user(stage: Stage) -> None:
    """The user is made before the request, so that the machine finds it; without a machine it goes again."""
    stage.vast.fault("offer_gone")
    loop = stage.provisioner()
    stage.order()
    stage.run(loop, seconds=10)
    stage.cancel_all()
    stage.run(loop, seconds=10)
    assert stage.users() == []


def test_the_machine_is_told_nothing_else(stage: Stage, machine: tuple[str, str]) -> None:
    """No key of the cloud, no token of Discord, no database: its environment holds what it needs to work."""
    worker_id, url = machine
    (order,) = stage.vast.requests("create")
    row = stage.ledger.instances.get(worker_id)
    assert row is not None
    assert stage.redis_url not in url
    password = url.split(":")[2].split("@")[0]
    assert len(password) >= 32
    assert password not in str(order)
    assert password not in str(vars(row))
