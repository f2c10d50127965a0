"""Asking the workers to load a checkpoint before anybody draws with it. The heartbeats show who has done so."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from pydantic import AwareDatetime, Field, ValidationError
from redis import Redis

from tasks import keys
from tasks.publishing import LinkSource
from tasks.schema import CheckpointRef, SignedLink, Wire

REQUEST_TTL = timedelta(minutes=30)


class WarmUp(Wire):
    """The value of `warmup:<checkpoint>`: every worker that serves it loads it once, when it is idle."""

    checkpoint: CheckpointRef
    at: AwareDatetime
    links: tuple[SignedLink, ...] = Field((), exclude_if=lambda links: not links)


def request(redis: Redis, checkpoint: CheckpointRef, *, signer: LinkSource | None, now: datetime) -> WarmUp:
    """Ask all workers, also those that start within half an hour. A later request for the same replaces this one.

    Args:
        redis: a connection of the trusted side.
        checkpoint: `CheckpointRef.of` the registry's entry.
        signer: makes links to private weights; `tasks.signing.signer_of`.
        now: aware UTC.
    """
    links = signer.links(checkpoint, now=now) if signer is not None else ()
    wish = WarmUp(checkpoint=checkpoint, at=now, links=links)
    redis.set(keys.warm_up(checkpoint.id), wish.write(), px=REQUEST_TTL)
    return wish


def withdraw(redis: Redis, checkpoint_id: str) -> None:
    """Ask no more; what is loaded stays."""
    redis.delete(keys.warm_up(checkpoint_id))


def requested(redis: Redis, checkpoint_ids: Iterable[str]) -> list[WarmUp]:
    """What is asked for at present, the oldest wish first. What cannot be read is none."""
    with redis.pipeline(transaction=False) as pipe:
        for checkpoint_id in checkpoint_ids:
            pipe.get(keys.warm_up(checkpoint_id))
        values = pipe.execute()
    wishes = [wish for wish in map(_read, values) if wish is not None]
    return sorted(wishes, key=lambda wish: wish.at)


def _read(value: bytes | None) -> WarmUp | None:
    try:
        return WarmUp.read(value) if value is not None else None
    except ValidationError:
        return None
