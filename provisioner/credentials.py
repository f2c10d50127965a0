"""One Redis user per rented worker, with the least rights that work: made at the intent, gone with the machine.

Redis 6.2 has no selectors, so each command is allowed on all keys of the list; what a worker must never touch is not
in the list at all. Redis forgets its users when it restarts without an ACL file, so they are kept in step each pass.
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit, urlunsplit

import structlog
from redis import Redis

from tasks import keys, routing

log = structlog.get_logger()

USER_PREFIX = "easel-worker-"

COMMANDS = (
    # The connection.
    "hello",
    "auth",
    "ping",
    "select",
    "client|setname",  # not client|setinfo: redis-py does without, and Redis 7.0 refuses rights that it does not know
    # Celery: take, remember, acknowledge; its own mutex and the restore scan. No right to look around: no KEYS or SCAN.
    # What it may take, it may also look at beforehand, to fetch what the next jobs need.
    "brpop",
    "lrange",
    "multi",
    "exec",
    "discard",
    "watch",
    "unwatch",
    "hset",
    "hget",
    "hvals",
    "hdel",
    "zadd",
    "zrem",
    "zrange",
    "zrevrangebyscore",
    # Leases, epochs, cancellations, pictures, the heartbeat; scripts for the leases.
    "get",
    "strlen",  # a picture is looked at for its size before it is fetched
    "set",
    "del",
    "pexpire",
    "evalsha",
    "script|load",
    # Results to the courier, progress and events.
    "lpush",
    "publish",
)

CHANNELS = [keys.PROGRESS_PATTERN, "/*.celeryev/*"]


@dataclass(frozen=True)
class Credential:
    """A fresh password; only its hash is ever kept."""

    password: str
    sha256: str


def new_credential() -> Credential:
    """256 random bits."""
    password = secrets.token_urlsafe(32)
    return Credential(password, hashlib.sha256(password.encode()).hexdigest())


class WorkerUsers:
    """The workers' users in our Redis."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def grant(self, worker_id: str, password_sha256: str) -> None:
        """Make the user, or bring its rights up to date.

        Raises:
            redis.exceptions.NoPermissionError: our own user lacks the right +acl.
        """
        self._redis.acl_setuser(
            user_name(worker_id),
            reset=True,  # from nothing: what is not named here is refused with NOPERM
            reset_channels=True,  # 6.2's default lets every user listen and speak everywhere
            enabled=True,
            hashed_passwords=[f"+{password_sha256}"],
            commands=[f"+{command}" for command in COMMANDS],
            keys=key_patterns(worker_id),
            channels=CHANNELS,
        )

    def revoke(self, worker_id: str) -> None:
        """Remove the user; its connections are closed by this, so nothing that it holds can be written any more."""
        self._redis.acl_deluser(user_name(worker_id))

    def keep_in_step(self, wanted: Mapping[str, str]) -> None:
        """Make the users that are missing (worker id → hash), remove those of machines that are no more."""
        present = self._present()
        for worker_id in wanted.keys() - present:
            log.info("worker's redis user made again", instance_id=worker_id)
            self.grant(worker_id, wanted[worker_id])
        for worker_id in present - wanted.keys():
            log.info("worker's redis user removed", instance_id=worker_id)
            self.revoke(worker_id)

    def _present(self) -> set[str]:
        answer = self._redis.acl_users()
        names = [name.decode() if isinstance(name, bytes) else name for name in answer]
        return {name.removeprefix(USER_PREFIX) for name in names if name.startswith(USER_PREFIX)}


def user_name(worker_id: str) -> str:
    """The user of one worker."""
    return f"{USER_PREFIX}{worker_id}"


def key_patterns(worker_id: str) -> list[str]:
    """The keys of the queues, of the jobs, and of this worker."""
    lists = [routing.CONTROL, f"{routing.CONTROL}{routing.SEPARATOR}*", f"{routing.GPU_PREFIX}*"]
    own = [keys.unacked(worker_id), keys.unacked_index(worker_id), keys.unacked_mutex(worker_id)]
    shared = [
        keys.lease("*"),
        keys.epoch("*"),
        keys.cancel("*"),
        "blob:*",
        keys.input("*"),
        keys.warm_up("*"),
        keys.SERVED,
    ]
    own += [keys.heartbeat(worker_id), keys.life(worker_id), keys.release(worker_id), keys.upload(worker_id)]
    return [*lists, *own, *shared]


def worker_url(address: str, worker_id: str, password: str) -> str:
    """Redis as this worker reaches it: our address with its own user and password."""
    parts = urlsplit(address)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{user_name(worker_id)}:{quote(password, safe='')}@{host}"))
