"""Reads what a worker told the courier, as the courier would."""

import base64
import json
from dataclasses import dataclass
from typing import Any

from redis import Redis

from tasks import routing
from tasks.schema import Claimed, Failed, Rendered, Wire

_KINDS: dict[str, type[Wire]] = {routing.CLAIMED: Claimed, routing.RENDERED: Rendered, routing.FAILED: Failed}


@dataclass(frozen=True)
class Told:
    """One message on the queue `control`, oldest first."""

    task: str
    message: Any


def told(redis: Redis, job_id: str | None = None) -> list[Told]:
    """All messages so far, of one job or of all; they stay in the queue."""
    found = []
    for raw in reversed(redis.lrange(routing.CONTROL, 0, -1)):
        envelope = json.loads(raw)
        task = envelope["headers"]["task"]
        body = json.loads(base64.b64decode(envelope["body"]))[0][0]
        if job_id is None or body["job_id"] == job_id:
            found.append(Told(task, _KINDS[task].read(body)))
    return found


def kinds(redis: Redis, job_id: str | None = None) -> list[str]:
    """The tasks' names only, without their common prefix."""
    return [each.task.removeprefix("courier.") for each in told(redis, job_id)]
