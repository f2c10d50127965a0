"""Which checkpoints' queues every worker serves, told at run time: a model that is published needs no restart.

The trusted side writes the list, workers read it. A worker's user could write it, too (Redis 6.2 cannot tell the two
apart for one key); all that this would change is which `gpu.*` lists are looked at until it is written again.
"""

import json
import re
from collections.abc import Iterable

from redis import Redis

from tasks import keys

EVERY_NEW_ONE = "*"  # in EASEL_CHECKPOINTS: serve also what is published later
_SLUG = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")  # as `config.registry.Slug`
_MOST = 1000


def announce(redis: Redis, checkpoint_ids: Iterable[str]) -> None:
    """Have all workers serve these; nothing happens where they know."""
    value = json.dumps(sorted(set(checkpoint_ids))).encode()
    if redis.get(keys.SERVED) != value:
        redis.set(keys.SERVED, value)


def announced(redis: Redis) -> tuple[str, ...]:
    """The ids of the last announcement; none where there was none, or where it cannot be read.

    Raises:
        redis.exceptions.RedisError: Redis is away, or this user may not look.
    """
    value = redis.get(keys.SERVED)
    try:
        told = json.loads(value) if isinstance(value, bytes) else []
    except ValueError:
        return ()
    names = told if isinstance(told, list) else []
    return tuple(name for name in names[:_MOST] if isinstance(name, str) and _SLUG.fullmatch(name))
