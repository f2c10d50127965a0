"""Lends workers the files that were uploaded, window by window: only this side can reach the ledger's bytes."""

from functools import partial

import structlog
from redis import Redis
from redis.exceptions import RedisError

from tasks import keys, uploads
from tasks.ledger import UploadLedger
from tasks.uploads import UploadWanted

log = structlog.get_logger()


def lend(wish: UploadWanted, ledger: UploadLedger, redis: Redis) -> None:
    """Put the chunks where the worker looks for them. What fails is asked for again.

    Only a worker whose heartbeat we hear gets any: it can write no other's, so what lies in Redis is bounded by the
    number of workers, whoever they claim to be.
    """
    try:
        if not redis.exists(keys.heartbeat(wish.worker_id)):
            log.warning("upload is not lent: no such worker is heard", worker_id=wish.worker_id)
            return
        size_bytes = ledger.size(wish.sha256)
        if size_bytes is None:
            log.warning("upload is not here", sha256=wish.sha256, worker_id=wish.worker_id)
        uploads.lend(redis, wish, size_bytes=size_bytes, chunk=partial(ledger.chunk, wish.sha256))
    except RedisError as error:
        log.warning("upload is not lent", worker_id=wish.worker_id, error=repr(error))
