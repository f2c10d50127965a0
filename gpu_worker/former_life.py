"""What an earlier process of this worker left in Redis when it died: taken messages, and leases on their jobs."""

import json

from redis import Redis

from tasks import keys, routing
from tasks.leases import Lease


def forget(redis: Redis, worker_id: str) -> int:
    """Drop the taken messages and let go of their jobs; returns how many there were.

    Left alone, the messages would lie for an hour (the visibility timeout) and make the sweep believe that their
    jobs are in good hands. Dropped, the sweep publishes the jobs again within seconds.
    """
    entries = redis.hvals(keys.unacked(worker_id))
    left = [job for entry in (entries if isinstance(entries, list) else []) if (job := _job_in(entry)) is not None]
    for job_id, epoch in left:
        Lease(redis, job_id, epoch=epoch, worker_id=worker_id).release()
    redis.delete(keys.unacked(worker_id), keys.unacked_index(worker_id))
    return len(left)


def _job_in(entry: bytes | str) -> tuple[str, int] | None:
    try:
        return routing.job_of(str(json.loads(entry)[0]["headers"]["id"]))
    except (ValueError, KeyError, TypeError, IndexError):
        return None
