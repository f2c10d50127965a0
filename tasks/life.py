"""Which rented machines are wanted. One that is not, or whose provisioner is dead, ends itself once it is idle."""

from collections.abc import Iterable

from redis import Redis

from tasks import keys


def extend(redis: Redis, worker_ids: Iterable[str]) -> None:
    """The leader wants these machines for another while; called on each of its passes."""
    with redis.pipeline(transaction=False) as pipe:
        for worker_id in worker_ids:
            pipe.set(keys.life(worker_id), 1, px=keys.LIFE_TTL)
        pipe.execute()


def is_wanted(redis: Redis, worker_id: str) -> bool:
    """Whether a leader that lives wants this machine."""
    return redis.get(keys.life(worker_id)) is not None
