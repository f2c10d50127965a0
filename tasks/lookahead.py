"""What a worker will be asked for next: the heads of the queues, read without taking anything out.

It needs the right LRANGE on the queues and nothing else. Nothing is promised: another worker may take what was seen.
"""

import base64
import json
from collections.abc import Iterable

from pydantic import ValidationError
from redis import Redis

from tasks import routing
from tasks.schema import RenderTask

PER_LIST = 3


def next_tasks(redis: Redis, queues: Iterable[str], *, per_list: int = PER_LIST) -> list[RenderTask]:
    """The next render tasks, in the order in which a worker that looks at `queues` in this order takes them.

    What cannot be read is left out.

    Raises:
        redis.exceptions.RedisError: Redis is away, or refuses.
    """
    ordered = list(queues)
    names = [routing.lists_of(queue)[step] for step in range(len(routing.PRIORITY_STEPS)) for queue in ordered]
    with redis.pipeline(transaction=False) as pipe:
        for name in names:
            pipe.lrange(name, -per_list, -1)
        contents = pipe.execute()
    tasks = [_task_in(message) for messages in contents for message in reversed(messages)]
    return [task for task in tasks if task is not None]


def _task_in(message: bytes | str) -> RenderTask | None:
    try:
        return RenderTask.read(json.loads(base64.b64decode(json.loads(message)["body"]))[0][0])
    except (ValidationError, ValueError, KeyError, TypeError, IndexError):
        return None
