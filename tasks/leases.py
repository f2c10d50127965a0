"""The lease on a job: no lease, no work. One holder at a time, renewed while it works, fenced by the epoch."""

from collections.abc import Sequence
from typing import Any, cast

from redis import Redis

from tasks import keys

_RENEW = """
if redis.call('GET', KEYS[1]) == ARGV[1] then
    return redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return 0
"""

_RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then
    return redis.call('DEL', KEYS[1])
end
return 0
"""

FINISHED_TTL_S = 60


class Lease:
    """A worker's claim on one job and epoch."""

    def __init__(self, redis: Redis, job_id: str, *, epoch: int, worker_id: str) -> None:
        self._redis = redis
        self._key = keys.lease(job_id)
        self._value = f"{worker_id}:{epoch}"
        self._renew = redis.register_script(_RENEW)
        self._release = redis.register_script(_RELEASE)

    def acquire(self) -> bool:
        """True where nobody holds it; a second copy of the message finds it held."""
        return bool(self._redis.set(self._key, self._value, nx=True, px=keys.LEASE_TTL))

    def renew(self) -> bool:
        """False once it is lost: then the work is somebody else's and must stop."""
        return bool(self._renew(keys=[self._key], args=[self._value, _milliseconds(keys.LEASE_TTL.total_seconds())]))

    def finish(self) -> None:
        """The result is handed over: the lease stays for a minute, so that a late copy of the message finds it."""
        self._renew(keys=[self._key], args=[self._value, _milliseconds(FINISHED_TTL_S)])

    def release(self) -> None:
        """Give it back unfinished; another worker may take the job at once."""
        self._release(keys=[self._key], args=[self._value])


def _milliseconds(seconds: float) -> int:
    return int(seconds * 1000)


def holder(redis: Redis, job_id: str) -> tuple[str, int] | None:
    """Worker id and epoch of whoever holds the lease on a job."""
    return holders(redis, [job_id]).get(job_id)


def holders(redis: Redis, job_ids: Sequence[str]) -> dict[str, tuple[str, int]]:
    """Job id → (worker id, epoch) of the leases that are held. What a hostile worker wrote there is no lease."""
    values = redis.mget([keys.lease(job_id) for job_id in job_ids]) if job_ids else []
    found = {job_id: _parse(value) for job_id, value in zip(job_ids, cast("list[Any]", values), strict=True)}
    return {job_id: lease for job_id, lease in found.items() if lease is not None}


def _parse(value: bytes | str | None) -> tuple[str, int] | None:
    if value is None:
        return None
    text = value.decode(errors="replace") if isinstance(value, bytes) else value
    worker_id, _, epoch = text.rpartition(":")
    return (worker_id, int(epoch)) if worker_id and epoch.isdecimal() else None
