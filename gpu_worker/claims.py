"""Whether a message still means anything: the ledger's epoch and cancellation, as Redis mirrors them."""

from redis import Redis

from tasks import keys


def is_cancelled(redis: Redis, job_id: str) -> bool:
    """True once somebody cancelled the job."""
    return redis.get(keys.cancel(job_id)) is not None


def is_current(redis: Redis, job_id: str, *, epoch: int) -> bool:
    """False for a stale copy: the ledger published another epoch since, or withdrew the job."""
    value = redis.get(keys.epoch(job_id))
    return isinstance(value, bytes | str) and int(value) == epoch
