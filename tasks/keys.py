"""Every Redis key and channel that Easel uses, in one place. A key carries its owner."""

from datetime import timedelta

LEASE_TTL = timedelta(seconds=30)
LEASE_RENEWAL = timedelta(seconds=10)
BLOB_TTL = timedelta(hours=1)
INPUT_TTL = timedelta(hours=12)
# Until an order wants the picture: what is refused, or never sent off, must not fill Redis.
UNCLAIMED_INPUT_TTL = timedelta(minutes=30)
EPOCH_TTL = timedelta(hours=12)
CANCEL_TTL = timedelta(hours=12)
HEARTBEAT_TTL = timedelta(seconds=15)
BOT_HEARS_TTL = timedelta(seconds=45)
HEARTBEAT_EVERY = timedelta(seconds=4)
LIFE_TTL = timedelta(minutes=2)
# A worker asks again for what it did not read in time.
UPLOAD_TTL = timedelta(minutes=2)

FLEET_STATUS = "fleet:status"
FLEET_WAKE = "fleet:wake"
BOT_HEARS = "bot:hears"  # exists while a bot has its gateway connections to Discord
SERVED = "checkpoints:served"  # what all workers serve; `tasks.served`
PROGRESS_PATTERN = "progress:*"
HEARTBEAT_PATTERN = "worker:*"


def lease(job_id: str) -> str:
    """Held by the one worker that renders this job; the value is `<worker>:<epoch>`."""
    return f"lease:{job_id}"


def epoch(job_id: str) -> str:
    """The epoch that the ledger last published; a message of another epoch, or of none, is a stale copy."""
    return f"epoch:{job_id}"


def cancel(job_id: str) -> str:
    """Exists once somebody cancelled the job."""
    return f"cancel:{job_id}"


def blob(job_id: str, number: int, *, epoch: int) -> str:
    """One encoded picture, by number from 0. The epoch keeps a late loser from overwriting the winner's."""
    return f"blob:{job_id}:{epoch}.{number}"


def input(sha256: str) -> str:  # noqa: A001 - reads as `keys.input`
    """A picture that somebody gave, by the hash of its bytes; the same one is kept once."""
    return f"input:{sha256}"


def upload(worker_id: str) -> str:
    """Hash with the chunks of an uploaded file that this worker asked for; `tasks.uploads`."""
    return f"upload:{worker_id}"


def heartbeat(worker_id: str) -> str:
    """Heartbeat JSON of a worker, with a TTL."""
    return f"worker:{worker_id}"


def life(worker_id: str) -> str:
    """Exists while the provisioner leads and wants this rented machine; without it an idle one ends itself."""
    return f"life:{worker_id}"


def progress(job_id: str) -> str:
    """Pub/sub channel with `Progress` JSON."""
    return f"progress:{job_id}"


def unacked(worker_id: str) -> str:
    """Hash of messages that this worker took and has not acknowledged."""
    return f"unacked:{worker_id}"


def unacked_index(worker_id: str) -> str:
    """Sorted set of the same by time."""
    return f"unacked_index:{worker_id}"


def unacked_mutex(worker_id: str) -> str:
    """Lock of kombu's own restore scan."""
    return f"unacked_mutex:{worker_id}"


def release(worker_id: str) -> str:
    """Hash with code that this worker is asked to run; `tasks.releases`."""
    return f"release:{worker_id}"


def warm_up(checkpoint_id: str) -> str:
    """Exists while the workers are asked to load a checkpoint; `tasks.warming`."""
    return f"warmup:{checkpoint_id}"


def message_lock(job_id: str) -> str:
    """Short lock: one writer at a time on a job's Discord message."""
    return f"message:{job_id}"
