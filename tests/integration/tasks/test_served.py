"""The list of served checkpoints is read with care: a worker's user could have written it."""

import json

import pytest
from redis import Redis

from gpu_worker.served import split
from tasks import keys, served


def test_what_is_announced_is_read(redis: Redis) -> None:
    """One list for all workers, in a fixed order."""
    assert served.announced(redis) == ()
    served.announce(redis, ["tiny-sdxl", "animagine"])
    assert served.announced(redis) == ("animagine", "tiny-sdxl")


@pytest.mark.parametrize("value", ["no json", '{"a": 1}', "7"])
def test_nonsense_is_no_news(redis: Redis, value: str) -> None:
    """It may neither end a worker nor take a queue from it."""
    redis.set(keys.SERVED, value)
    assert served.announced(redis) == ()


def test_only_names_of_queues_are_taken(redis: Redis) -> None:
    """What is no slug names no list of ours; a flood is cut."""
    redis.set(keys.SERVED, json.dumps(["ok", "../x", 7, "a b", "", *(f"m{n}" for n in range(2000))]))
    found = served.announced(redis)
    assert found[:2] == ("ok", "m0")
    assert len(found) < 1000


def test_a_named_list_is_kept_unless_it_says_otherwise() -> None:
    """Who names checkpoints for a GPU of their own gets these and no others; a rented machine learns."""
    assert split((), ["a", "b"]) == (("a", "b"), True)
    assert split(("a",), ["a", "b"]) == (("a",), False)
    assert split(("a", "*"), ["a", "b"]) == (("a",), True)
    assert split(("*",), ["a", "b"]) == (("a", "b"), True)
