"""What lies in the queues right now, read without taking anything out."""

import json
import re
from collections.abc import Iterable

from redis import Redis

from tasks import keys, routing

_QUOTED = re.compile(r"\('([^']+)'")  # how `Publisher` shows a control message's job


def waiting(redis: Redis, queues: Iterable[str]) -> set[tuple[str, int]]:
    """(job id, epoch) of every render message in the lists of `queues`."""
    with redis.pipeline(transaction=True) as pipe:
        for queue in queues:
            for name in routing.lists_of(queue):
                pipe.lrange(name, 0, -1)
        contents = pipe.execute()
    return {job for messages in contents for job in map(_job_in, messages) if job is not None}


def unacknowledged(redis: Redis, worker_ids: Iterable[str]) -> dict[tuple[str, int], str]:
    """(job id, epoch) → worker id of every message that a worker took and has not acknowledged."""
    held: dict[tuple[str, int], str] = {}
    for worker_id in worker_ids:
        entries = redis.hvals(keys.unacked(worker_id))
        for entry in entries if isinstance(entries, list) else []:
            job = _job_in_unacked(entry)
            if job is not None:
                held[job] = worker_id
    return held


def reported(redis: Redis) -> set[str]:
    """Job ids that the courier has unread news of: what they say of the job comes before what the ledger says."""
    with redis.pipeline(transaction=True) as pipe:
        for name in routing.lists_of(routing.CONTROL):
            pipe.lrange(name, 0, -1)
        contents = pipe.execute()
    return {job_id for messages in contents for job_id in map(_job_reported, messages) if job_id}


def depth(redis: Redis, queues: Iterable[str]) -> dict[str, int]:
    """Messages waiting per queue, all priorities together, counted in one transaction."""
    names = list(queues)
    with redis.pipeline(transaction=True) as pipe:
        for queue in names:
            for name in routing.lists_of(queue):
                pipe.llen(name)
        counts = pipe.execute()
    steps = len(routing.PRIORITY_STEPS)
    return {queue: sum(counts[i * steps : (i + 1) * steps]) for i, queue in enumerate(names)}


def _job_in(message: bytes | str) -> tuple[str, int] | None:
    try:
        return routing.job_of(str(json.loads(message)["headers"]["id"]))
    except (ValueError, KeyError, TypeError):
        return None


def _job_reported(message: bytes | str) -> str:
    try:
        found = _QUOTED.match(str(json.loads(message)["headers"]["argsrepr"]))
    except (ValueError, KeyError, TypeError):
        return ""
    return found.group(1) if found else ""


def _job_in_unacked(entry: bytes | str) -> tuple[str, int] | None:
    try:
        message, _exchange, _routing_key = json.loads(entry)
        return routing.job_of(str(message["headers"]["id"]))
    except (ValueError, KeyError, TypeError):
        return None
