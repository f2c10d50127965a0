"""How a file that somebody uploaded reaches a worker: chunk by chunk through Redis, a few at a time, as it asks.

The bytes are in the ledger (`tasks.ledger.uploads`), which workers cannot reach. A worker asks on queue `control` for
a window of chunks, the courier puts them into the hash `upload:<worker>`, and the worker reads them there: each worker
has a hash of its own, with one window in it at most, for two minutes.
"""

from collections.abc import Callable
from typing import Annotated

from pydantic import Field, StringConstraints
from redis import Redis

from tasks import keys
from tasks.wire import Wire

CHUNK_BYTES = 4 * 2**20
WINDOW = 4  # chunks that lie in Redis for one worker

_SIZE = "size"


class UploadWanted(Wire):
    """The argument of `courier.lend`: chunks `first` to `first + count - 1`, of none only the file's size."""

    worker_id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    first: int = Field(0, ge=0, le=2**20)
    count: int = Field(0, ge=0, le=WINDOW)


def chunks_in(size_bytes: int) -> int:
    """How many chunks a file has."""
    return -(-size_bytes // CHUNK_BYTES)


def lend(redis: Redis, wish: UploadWanted, *, size_bytes: int | None, chunk: Callable[[int], bytes | None]) -> None:
    """Put what was asked for where its worker looks; what it asked for before goes. `size_bytes` None: no such file.

    Raises:
        redis.exceptions.RedisError: Redis is away, or full.
    """
    key, size = keys.upload(wish.worker_id), size_bytes or 0
    numbers = range(wish.first, min(wish.first + wish.count, chunks_in(size)))
    wanted = {_field(wish.sha256, number).encode() for number in numbers}
    stale = [name for name in redis.hkeys(key) if name not in wanted]
    if stale:
        redis.hdel(key, *stale)
    _put(redis, key, _field(wish.sha256, _SIZE), str(size).encode())
    for number in numbers:
        data = chunk(number)
        if data is not None:
            _put(redis, key, _field(wish.sha256, number), data)


def size_of(redis: Redis, worker_id: str, sha256: str) -> int | None:
    """A file's bytes; None until the courier has answered, 0 where it has no such file."""
    told = redis.hget(keys.upload(worker_id), _field(sha256, _SIZE))
    return int(told) if told is not None else None


def chunk_of(redis: Redis, worker_id: str, sha256: str, number: int) -> bytes | None:
    """One chunk; None while it is not there."""
    data = redis.hget(keys.upload(worker_id), _field(sha256, number))
    return data if isinstance(data, bytes) else None


def give_back(redis: Redis, worker_id: str) -> None:
    """All is read: Redis needs its memory for others."""
    redis.delete(keys.upload(worker_id))


def _put(redis: Redis, key: str, field: str, value: bytes) -> None:
    with redis.pipeline(transaction=True) as pipe:  # never without its end
        pipe.hset(key, field, value)
        pipe.pexpire(key, keys.UPLOAD_TTL)
        pipe.execute()


def _field(sha256: str, part: int | str) -> str:
    return f"{sha256}:{part}"
