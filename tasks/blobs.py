"""Encoded pictures on their way from a worker to the courier: Redis keys that vanish by themselves."""

import hashlib

from redis import Redis

from tasks import keys
from tasks.schema import BlobRef

MAX_BLOB_BYTES = 48 * 2**20


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
    length = redis.strlen(ref.key)
    if not length:
        raise BlobMissing(ref.key)
    if length > MAX_BLOB_BYTES:
        raise BlobRejected(ref.key, f"{length} bytes, more than {MAX_BLOB_BYTES}")
    data = redis.get(ref.key)
    if not isinstance(data, bytes):
        raise BlobMissing(ref.key)
    if hashlib.sha256(data).hexdigest() != ref.sha256:
        raise BlobRejected(ref.key, "its sha256 is not the promised one")
    return data


def discard(redis: Redis, refs: tuple[BlobRef, ...]) -> None:
    """Forget pictures that are posted."""
    if refs:
        redis.delete(*(ref.key for ref in refs))
