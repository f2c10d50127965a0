"""Whether the process of this container does its work, from what Redis sees of it: exit status 0, or 1 and the reason.

usage: python health.py bot|peer|fleet|worker
    bot      the bot has its gateway connection to Discord: commands arrive
    peer     the process spoke to Redis within the last seconds: its loop turns (courier)
    fleet    the provisioner rewrote `fleet:status` within the last seconds: it leads, and its loop turns
    worker   the GPU worker's heartbeat is there
"""

import json
import os
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from tasks import keys
from tasks.connections import connect

SILENCE_S = 30


def peer(redis: Redis) -> str:
    """The reason why this container's process is not well, or an empty string.

    Only one process runs in a container, so every connection from our own address but this one is its.
    """
    me = redis.client_info()
    silences = [int(client["idle"]) for client in redis.client_list() if _is_sibling(client, me)]
    if not silences:
        return "the process has no connection to Redis"
    if min(silences) > SILENCE_S:
        return f"the process last spoke to Redis {min(silences)} s ago"
    return ""


def bot(redis: Redis) -> str:
    """As `peer`, for the bot. The key runs out within a minute of losing the gateway."""
    return peer(redis) or ("" if redis.get(keys.BOT_HEARS) else f"no bot hears Discord: there is no {keys.BOT_HEARS}")


def fleet(redis: Redis) -> str:
    """As `peer`, for the provisioner."""
    status = redis.get(keys.FLEET_STATUS)
    if status is None:
        return f"nobody wrote {keys.FLEET_STATUS}"
    age_s = (datetime.now(UTC) - datetime.fromisoformat(json.loads(status)["at"])).total_seconds()
    return f"{keys.FLEET_STATUS} is {age_s:.0f} s old" if age_s > SILENCE_S else ""


def worker(redis: Redis) -> str:
    """As `peer`, for a GPU worker. The key vanishes by itself soon after the last heartbeat."""
    key = keys.heartbeat(os.environ.get("EASEL_WORKER_ID", "local"))
    return "" if redis.get(key) else f"there is no {key}"


CHECKS: dict[str, Callable[[Redis], str]] = {"bot": bot, "peer": peer, "fleet": fleet, "worker": worker}


def _is_sibling(client: Mapping[str, Any], me: Mapping[str, Any]) -> bool:
    return _host(client) == _host(me) and str(client["id"]) != str(me["id"])


def _host(client: Mapping[str, Any]) -> str:
    return str(client["addr"]).rpartition(":")[0]


def main() -> None:
    """Run the check that the command line names."""
    check = CHECKS[sys.argv[1]]
    try:
        reason = check(connect(os.environ["REDIS_URL"]))
    except RedisError as error:
        reason = f"Redis does not answer: {type(error).__name__}"
    if reason:
        sys.exit(reason)


if __name__ == "__main__":
    main()
