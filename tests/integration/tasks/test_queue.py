"""Leases, blobs and messages on a real Redis."""

import base64
import json
from datetime import datetime, timedelta

import pytest
from pydantic import BaseModel
from redis import Redis

from tasks import backlog, blobs, keys, routing
from tasks.app import make_app
from tasks.leases import Lease, holder
from tasks.publishing import BrokerUnavailable, Publisher
from tasks.schema import RenderTask, SignedLink, TextToImageSpec
from tests.conftest import ManualClock
from tests.specs import tiny_spec

QUEUE = routing.gpu_queue("tiny-sdxl")


@pytest.fixture
def publisher(redis: Redis, redis_url: str) -> Publisher:
    return Publisher(make_app(redis_url, client_name="test"), redis)


def publish(publisher: Publisher, clock: ManualClock, job_id: str, *, epoch: int = 1, priority: int = 0) -> None:
    publisher.render(job_id, epoch=epoch, spec=tiny_spec(), priority=priority, now=clock())


def test_one_holder_at_a_time(redis: Redis) -> None:
    """A duplicate message finds the lease held."""
    first = Lease(redis, "J", epoch=1, worker_id="a")
    second = Lease(redis, "J", epoch=1, worker_id="b")
    assert first.acquire()
    assert not second.acquire()
    assert holder(redis, "J") == ("a", 1)
    assert not second.renew()
    second.release()
    assert first.renew()
    first.release()
    assert second.acquire()


def test_a_finished_job_keeps_its_lease_for_a_while(redis: Redis) -> None:
    """A late copy of the message after the result must not draw again."""
    lease = Lease(redis, "J", epoch=1, worker_id="a")
    lease.acquire()
    lease.finish()
    assert not Lease(redis, "J", epoch=1, worker_id="b").acquire()
    assert 0 < redis.ttl(keys.lease("J")) <= 60


def test_a_dead_workers_lease_runs_out(redis: Redis) -> None:
    """Nobody renews it: it expires by itself, within 30 s."""
    Lease(redis, "J", epoch=1, worker_id="a").acquire()
    assert 0 < redis.pttl(keys.lease("J")) <= 30_000


def test_messages_wait_by_priority(publisher: Publisher, redis: Redis, clock: ManualClock) -> None:
    """Each urgency has its list, and the sweep sees every job in all of them."""
    for number, priority in enumerate(routing.PRIORITY_STEPS):
        publish(publisher, clock, f"J{number}", priority=priority)
    assert [redis.llen(name) for name in routing.lists_of(QUEUE)] == [1, 1, 1, 1]
    assert backlog.waiting(redis, [QUEUE]) == {(f"J{number}", 1) for number in range(4)}
    assert backlog.depth(redis, [QUEUE, "control"]) == {QUEUE: 4, "control": 0}


def test_the_message_is_the_order(publisher: Publisher, redis: Redis, clock: ManualClock, redis_url: str) -> None:
    """A consumer gets the spec as it was written, and the header names no prompt."""
    publish(publisher, clock, "J", epoch=3)
    with make_app(redis_url, client_name="test").connection_for_read() as connection:
        message = connection.SimpleQueue(QUEUE, no_ack=True).get(timeout=5)
    task = RenderTask.read(message.payload[0][0])
    assert (task.job_id, task.epoch, task.spec) == ("J", 3, tiny_spec())
    assert "star" not in str(message.headers)
    assert redis.get(keys.epoch("J")) == b"3"


def test_a_taken_message_is_found_at_its_worker(
    redis: Redis, redis_url: str, publisher: Publisher, clock: ManualClock
) -> None:
    """Unacknowledged messages are seen in the worker's own keys."""
    publish(publisher, clock, "J")
    app = make_app(redis_url, client_name="w1")
    app.conf.broker_transport_options |= {
        "unacked_key": keys.unacked("w1"),
        "unacked_index_key": keys.unacked_index("w1"),
        "unacked_mutex_key": keys.unacked_mutex("w1"),
    }
    with app.connection_for_read() as connection:
        connection.SimpleQueue(QUEUE).get(timeout=5)
        assert backlog.waiting(redis, [QUEUE]) == set()
        assert backlog.unacknowledged(redis, ["w1", "w2"]) == {("J", 1): "w1"}


def test_foreign_messages_are_skipped(redis: Redis) -> None:
    """Garbage in a queue is not a crash of the sweep."""
    redis.lpush(QUEUE, b"not json", b"{}", b'{"headers": {"id": "someone-elses"}}')
    redis.hset(keys.unacked("w1"), "tag", b"[1, 2]")
    assert backlog.waiting(redis, [QUEUE]) == set()
    assert backlog.unacknowledged(redis, ["w1"]) == {}


def test_a_picture_travels_with_its_hash(redis: Redis) -> None:
    """What comes out is what went in; what was changed on the way is refused."""
    ref = blobs.put(redis, "J", 0, epoch=1, data=b"png", seed=7, size=(64, 64))
    assert blobs.get(redis, ref) == b"png"
    assert 0 < redis.ttl(ref.key) <= 3600
    redis.set(ref.key, b"gnp")
    with pytest.raises(blobs.BlobRejected, match="sha256"):
        blobs.get(redis, ref)
    blobs.discard(redis, (ref,))
    with pytest.raises(blobs.BlobMissing):
        blobs.get(redis, ref)


def test_a_huge_blob_is_not_even_read(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hostile worker cannot fill our memory."""
    monkeypatch.setattr(blobs, "MAX_BLOB_BYTES", 10)
    ref = blobs.put(redis, "J", 0, epoch=1, data=b"x" * 11, seed=7, size=(64, 64))
    with pytest.raises(blobs.BlobRejected, match="11 bytes"):
        blobs.get(redis, ref)


def test_a_dead_broker_is_an_error_at_once(clock: ManualClock) -> None:
    """The bot must not hang: the sweep repeats what could not be sent."""
    nowhere = "redis://127.0.0.1:1/0"
    publisher = Publisher(make_app(nowhere, client_name="test"), Redis.from_url(nowhere))
    with pytest.raises(BrokerUnavailable):
        publish(publisher, clock, "J")


class OneLink:
    """A signer that has one link for every order."""

    def links(self, order: BaseModel, *, now: datetime) -> tuple[SignedLink, ...]:
        assert isinstance(order, TextToImageSpec)
        return (SignedLink(source=order.checkpoint.weights.source, url="https://cdn.example/a?sig=s", expires_at=now),)


def test_links_are_asked_for_at_each_publication(redis: Redis, redis_url: str, clock: ManualClock) -> None:
    """A job that waited for hours gets fresh ones; the order itself stays as it was."""
    publisher = Publisher(make_app(redis_url, client_name="test"), redis, signer=OneLink())
    publisher.render("01JOB", epoch=1, spec=tiny_spec(), priority=0, now=clock())
    publisher.render("01JOB", epoch=2, spec=tiny_spec(), priority=0, now=clock.advance(3600))
    messages = [json.loads(raw) for raw in redis.lrange(QUEUE, 0, -1)]
    second, first = (RenderTask.read(json.loads(base64.b64decode(each["body"]))[0][0]) for each in messages)
    assert first.spec == second.spec == tiny_spec()
    assert second.links[0].expires_at - first.links[0].expires_at == timedelta(hours=1)
    assert not any("sig=s" in json.dumps(each["headers"]) for each in messages), "Flower shows headers"
