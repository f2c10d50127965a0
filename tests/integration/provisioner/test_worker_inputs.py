"""A rented machine may read the pictures that members gave, and may not put others in their place unseen."""

import hashlib
from collections.abc import Iterator

import pytest
from redis import Redis

from provisioner.credentials import WorkerUsers, new_credential, worker_url
from tasks import blobs
from tasks.schema import InputRef
from tests.redis_server import RedisServer

GIVEN = b"a member's picture"
REF = InputRef(sha256=hashlib.sha256(GIVEN).hexdigest(), width=64, height=64)


@pytest.fixture
def as_worker(redis: Redis, shared_redis_server: RedisServer) -> Iterator[Redis]:
    """Logged in with exactly the rights of a rented machine."""
    credential, users = new_credential(), WorkerUsers(redis)
    users.grant("w1", credential.sha256)
    client = Redis.from_url(worker_url(shared_redis_server.url, "w1", credential.password))
    yield client
    client.close()
    users.revoke("w1")


def test_it_reads_what_a_member_gave(redis: Redis, as_worker: Redis) -> None:
    """Through the worker's own code, which looks at the size first."""
    blobs.put_input(redis, GIVEN)
    assert blobs.get_input(as_worker, REF) == GIVEN


def test_what_another_machine_put_there_is_noticed(redis: Redis, as_worker: Redis) -> None:
    """The order names the hash, and the hash is of the bytes."""
    blobs.put_input(redis, GIVEN)
    as_worker.set(f"input:{REF.sha256}", b"something else")
    with pytest.raises(blobs.BlobRejected):
        blobs.get_input(as_worker, REF)
