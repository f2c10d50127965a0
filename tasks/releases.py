"""New code for workers that run. Each gets it in a hash that only itself and the trusted side may touch.

A hostile worker can therefore spoil its own code and nobody else's: it could do that anyway.
"""

import hashlib
from datetime import timedelta

from redis import Redis

from tasks import keys

TTL = timedelta(minutes=30)
_NAME, _BUNDLE = "name", "bundle"


def name_of(bundle: bytes) -> str:
    """What a release is called: the beginning of its hash."""
    return hashlib.sha256(bundle).hexdigest()[:12]


def offer(redis: Redis, worker_id: str, bundle: bytes) -> str:
    """Ask a worker to run this bundle from its next idle moment on; returns the release's name."""
    name = name_of(bundle)
    with redis.pipeline(transaction=True) as pipe:
        pipe.delete(keys.release(worker_id))
        pipe.hset(keys.release(worker_id), mapping={_NAME: name, _BUNDLE: bundle})
        pipe.pexpire(keys.release(worker_id), TTL)
        pipe.execute()
    return name


def wanted(redis: Redis, worker_id: str) -> str:
    """The release that this worker shall run; "" where nobody asked."""
    value = redis.hget(keys.release(worker_id), _NAME)
    return value.decode() if isinstance(value, bytes) else ""


def fetch(redis: Redis, worker_id: str) -> bytes:
    """The bundle that this worker shall run; empty where nobody asked, or where it is not what its name says."""
    value = redis.hget(keys.release(worker_id), _BUNDLE)
    bundle = value if isinstance(value, bytes) else b""
    return bundle if name_of(bundle) == wanted(redis, worker_id) else b""
