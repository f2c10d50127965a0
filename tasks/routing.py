"""Queue and task names, and the priorities that are Easel's fairness. Pure."""

from collections.abc import Iterable

CONTROL = "control"
GPU_PREFIX = "gpu."

RENDER = "gpu_worker.render"
CLAIMED = "courier.claimed"
RENDERED = "courier.rendered"
FAILED = "courier.failed"
POST = "courier.post"
TELL = "courier.tell"
LEND = "courier.lend"

# Redis has no priorities of its own: kombu keeps one list per step, 0 is the most urgent.
PRIORITY_STEPS = (0, 3, 6, 9)
SEPARATOR = ":"


def gpu_queue(checkpoint_id: str) -> str:
    """One queue per checkpoint, so that a worker can prefer what it has loaded."""
    return f"{GPU_PREFIX}{checkpoint_id}"


def lists_of(queue: str) -> tuple[str, ...]:
    """The Redis lists behind a queue, most urgent first."""
    return tuple(queue if step == 0 else f"{queue}{SEPARATOR}{step}" for step in PRIORITY_STEPS)


def priority_for(outstanding: int) -> int:
    """The priority of a user's next job, given how many of theirs are outstanding already.

    The first job of everybody comes before the second of anybody: a burst delays only its author.
    """
    return PRIORITY_STEPS[min(outstanding, len(PRIORITY_STEPS) - 1)]


def affinity_order(queues: Iterable[str], *, loaded: Iterable[str]) -> list[str]:
    """The queues with those of loaded checkpoints first; otherwise in the order given."""
    hot = {gpu_queue(checkpoint) for checkpoint in loaded}
    return sorted(queues, key=lambda queue: queue not in hot)


def task_id(job_id: str, *, epoch: int) -> str:
    """The Celery task id: it lets the sweep find a job in a list without opening its body."""
    return f"{job_id}.{epoch}"


def job_of(task: str) -> tuple[str, int] | None:
    """Job id and epoch of a render task's id; None where the id is not one of ours."""
    job_id, separator, epoch = task.rpartition(".")
    if not separator or not epoch.isdecimal():
        return None
    return job_id, int(epoch)
