"""Encoded pictures on their way: from a worker to the courier, and from a member to a worker.

All are Redis keys that vanish by themselves.
"""

import hashlib
from collections.abc import Iterable

from redis import Redis

from tasks import keys
from tasks.schema import BlobRef, InputRef

MAX_BLOB_BYTES = 48 * 2**20
MAX_INPUT_BYTES = 32 * 2**20


class BlobMissing(Exception):  # noqa: N818 - reads as the sentence "except BlobMissing"
    """The picture is no longer there: it expired, or Redis lost it. Drawing again brings it back."""


class BlobRejected(Exception):  # noqa: N818 - as above
    """The picture is not what its reference promised. `reason` says how."""

    def __init__(self, key: str, reason: str) -> None:
        self.key = key
        self.reason = reason
        super().__init__(f"{key}: {reason}")


def put(
    redis: Redis, job_id: str, number: int, *, epoch: int, data: bytes, seed: int, size: tuple[int, int]
) -> BlobRef:
    """Store one PNG and return its reference. `size` is (width, height) in pixels."""
    key = keys.blob(job_id, number, epoch=epoch)
    redis.set(key, data, px=keys.BLOB_TTL)
    return BlobRef(
        key=key,
        seed=seed,
        width=size[0],
        height=size[1],
        size_bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
    )


def get(redis: Redis, ref: BlobRef) -> bytes:
    """The bytes behind a reference, looked at for size and hash before anything else touches them.

    Raises:
        BlobMissing: it is gone.
        BlobRejected: too large, or not the bytes that the reference names.
    """
    return _get(redis, ref.key, sha256=ref.sha256, most=MAX_BLOB_BYTES)


def put_input(redis: Redis, data: bytes) -> str:
    """Keep a member's picture for the jobs that begin with it; returns its sha256. Giving it again keeps it longer."""
    sha256 = hashlib.sha256(data).hexdigest()
    redis.set(keys.input(sha256), data, px=keys.INPUT_TTL)
    return sha256


def put_unclaimed_input(redis: Redis, data: bytes) -> str:
    """As `put_input`, for a short while: `renew_input` follows once a job wants it. Never shortens a longer stay.

    It is written even where the key is there: a rented machine may have put something else under it.
    """
    sha256 = hashlib.sha256(data).hexdigest()
    key, least = keys.input(sha256), round(keys.UNCLAIMED_INPUT_TTL.total_seconds() * 1000)
    redis.set(key, data, px=max(redis.pttl(key), least))
    return sha256


def renew_input(redis: Redis, ref: InputRef) -> bool:
    """Keep a member's picture as long again as when it came; False where it is gone."""
    return bool(redis.pexpire(keys.input(ref.sha256), keys.INPUT_TTL))


def forget_inputs(redis: Redis, refs: Iterable[InputRef]) -> None:
    """Members' pictures are gone at once; a job that still waits for one says so."""
    names = [keys.input(ref.sha256) for ref in refs]
    if names:
        redis.delete(*names)


def get_input(redis: Redis, ref: InputRef) -> bytes:
    """The bytes of a member's picture; as `get`, and with its exceptions."""
    return _get(redis, keys.input(ref.sha256), sha256=ref.sha256, most=MAX_INPUT_BYTES)


def keep(redis: Redis, refs: tuple[BlobRef, ...]) -> None:
    """Keep pictures for another while: they cannot be posted yet, and drawing them again would cost a GPU."""
    for ref in refs:
        redis.pexpire(ref.key, keys.BLOB_TTL)


def discard(redis: Redis, refs: tuple[BlobRef, ...]) -> None:
    """Forget pictures that are posted."""
    if refs:
        redis.delete(*(ref.key for ref in refs))


def _get(redis: Redis, key: str, *, sha256: str, most: int) -> bytes:
    length = redis.strlen(key)
    if not length:
        raise BlobMissing(key)
    if length > most:
        raise BlobRejected(key, f"{length} bytes, more than {most}")
    data = redis.get(key)
    if not isinstance(data, bytes):
        raise BlobMissing(key)
    if hashlib.sha256(data).hexdigest() != sha256:
        raise BlobRejected(key, "its sha256 is not the promised one")
    return data
