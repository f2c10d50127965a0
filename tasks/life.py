"""Which rented machines are wanted. One that is not, or whose provisioner is dead, ends itself once it is idle."""

from collections.abc import Collection, Iterable
from enum import StrEnum

from redis import Redis

from tasks import keys


class Word(StrEnum):
    """What the leader has to say to a machine."""

    WANTED = "1"
    FINISH = "finish"  # draw what is in hand, and take nothing more: it ends after that


def extend(redis: Redis, worker_ids: Iterable[str], *, finishing: Collection[str] = ()) -> None:
    """The leader wants these machines for another while, some for their last jobs; called on each of its passes."""
    with redis.pipeline(transaction=False) as pipe:
        for worker_id in worker_ids:
            word = Word.FINISH if worker_id in finishing else Word.WANTED
            pipe.set(keys.life(worker_id), word.value, px=keys.LIFE_TTL)
        pipe.execute()


def word(redis: Redis, worker_id: str) -> Word | None:
    """What a leader that lives says to this machine; None where there is none, or it does not want it."""
    said = redis.get(keys.life(worker_id))
    if said is None:
        return None
    return Word.FINISH if said in (Word.FINISH.value, Word.FINISH.value.encode()) else Word.WANTED
