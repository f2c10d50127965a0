"""What Redis knows at this moment: heartbeats, leases, messages and who holds them. Read once per pass."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import structlog
from pydantic import ValidationError
from redis import Redis

from tasks import backlog, keys, leases, routing
from tasks.schema import Heartbeat

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class BrokerView:
    """Jobs are (job id, epoch). `leases`: job id → (worker id, epoch); `reported`: jobs with news for the courier."""

    heartbeats: dict[str, Heartbeat] = field(default_factory=dict)
    waiting: frozenset[tuple[str, int]] = frozenset()
    held: dict[tuple[str, int], str] = field(default_factory=dict)
    leases: dict[str, tuple[str, int]] = field(default_factory=dict)
    reported: frozenset[str] = frozenset()


def read_broker(redis: Redis, *, checkpoints: Iterable[str], job_ids: Sequence[str]) -> BrokerView:
    """Everything that the fleet and the sweep ask of Redis.

    The lists are read before the workers' own keys: a message that moves meanwhile is seen twice rather than never.

    Raises:
        redis.exceptions.RedisError: Redis is away.
    """
    heartbeats = read_heartbeats(redis)
    waiting = backlog.waiting(redis, (routing.gpu_queue(name) for name in checkpoints))
    return BrokerView(
        heartbeats=heartbeats,
        waiting=frozenset(waiting),
        held=backlog.unacknowledged(redis, heartbeats),
        leases=leases.holders(redis, job_ids),
        reported=frozenset(backlog.reported(redis)),
    )


def read_heartbeats(redis: Redis) -> dict[str, Heartbeat]:
    """Worker id → heartbeat, of all workers whose key has not run out; one that cannot be read counts as none."""
    names = sorted(redis.scan_iter(keys.HEARTBEAT_PATTERN, count=500))
    values = cast("list[Any]", redis.mget(names)) if names else []
    found = {}
    for name, value in zip(names, values, strict=True):
        worker_id = (name.decode() if isinstance(name, bytes) else name).removeprefix(keys.heartbeat(""))
        heartbeat = _parse(worker_id, value)
        if heartbeat is not None:
            found[worker_id] = heartbeat
    return found


def holds_work(redis: Redis, worker_id: str, *, jobs: Collection[tuple[str, int]]) -> bool:
    """Whether a worker holds the message or the lease of one of these jobs (job id, epoch) right now.

    What it holds of others, such as a stale copy that it never acknowledged, keeps no machine alive.
    """
    if not backlog.unacknowledged(redis, [worker_id]).keys().isdisjoint(jobs):
        return True
    holders = leases.holders(redis, [job_id for job_id, _ in jobs])
    return any(holder == worker_id for holder, _ in holders.values())


def _parse(worker_id: str, value: bytes | None) -> Heartbeat | None:
    if value is None:
        return None
    try:
        return Heartbeat.read(value)
    except ValidationError:
        log.warning("heartbeat cannot be read", worker_id=worker_id)
        return None
