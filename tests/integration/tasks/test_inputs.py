"""A member's picture on its way to a worker."""

import hashlib

import pytest
from redis import Redis

from tasks import blobs, keys
from tasks.schema import InputRef

pytestmark = pytest.mark.integration
DATA = b"a picture"


def ref(data: bytes = DATA) -> InputRef:
    return InputRef(sha256=hashlib.sha256(data).hexdigest(), width=1, height=1)


def test_it_arrives_and_vanishes_by_itself(redis: Redis) -> None:
    """Under the hash of its bytes, for as long as a job may wait."""
    assert blobs.put_input(redis, DATA) == ref().sha256
    assert blobs.get_input(redis, ref()) == DATA
    assert 0 < redis.pttl(keys.input(ref().sha256)) <= keys.INPUT_TTL.total_seconds() * 1000


def test_one_that_is_gone(redis: Redis) -> None:
    """Told apart from a broken one: sending it again helps."""
    with pytest.raises(blobs.BlobMissing):
        blobs.get_input(redis, ref())


def test_other_bytes_than_promised(redis: Redis) -> None:
    """Whoever can write to Redis cannot slip in another picture."""
    redis.set(keys.input(ref().sha256), b"another picture")
    with pytest.raises(blobs.BlobRejected):
        blobs.get_input(redis, ref())


def test_too_many_bytes(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refused before they are read."""
    blobs.put_input(redis, DATA)
    monkeypatch.setattr(blobs, "MAX_INPUT_BYTES", len(DATA) - 1)
    with pytest.raises(blobs.BlobRejected):
        blobs.get_input(redis, ref())


def test_an_unclaimed_one_goes_sooner_and_shortens_nothing(redis: Redis) -> None:
    """What is refused must not fill Redis; what a job wants stays, even if somebody gives it again."""
    key, brief = keys.input(ref().sha256), keys.UNCLAIMED_INPUT_TTL.total_seconds() * 1000
    assert blobs.put_unclaimed_input(redis, DATA) == ref().sha256
    assert 0 < redis.pttl(key) <= brief
    assert blobs.renew_input(redis, ref())
    blobs.put_unclaimed_input(redis, DATA)
    assert redis.pttl(key) > brief
    redis.pexpire(key, 1000)
    blobs.put_unclaimed_input(redis, DATA)
    assert redis.pttl(key) > 1000


def test_giving_it_again_mends_what_somebody_put_in_its_place(redis: Redis) -> None:
    """Rented machines may write there; the next member who gives the picture is not made to suffer."""
    redis.set(keys.input(ref().sha256), b"something else")
    blobs.put_unclaimed_input(redis, DATA)
    assert blobs.get_input(redis, ref()) == DATA


def test_one_that_is_gone_is_not_renewed(redis: Redis) -> None:
    """So that nothing is queued which no worker could draw."""
    assert not blobs.renew_input(redis, ref())
    blobs.put_input(redis, DATA)
    blobs.forget_inputs(redis, [ref()])
    assert not blobs.renew_input(redis, ref())
