"""Sends tasks by name. A message is only a hint: what counts is in the ledger before anything is sent."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Protocol

from celery import Celery
from kombu import Queue
from kombu.exceptions import OperationalError
from pydantic import BaseModel
from redis import Redis
from redis.exceptions import RedisError

from tasks import blobs, keys, routing, served
from tasks.schema import InputRef, JobSpec, RenderTask, SignedLink, Wire
from tasks.uploads import UploadWanted


class BrokerUnavailable(Exception):  # noqa: N818 - reads as the sentence "except BrokerUnavailable"
    """Redis could not be reached. Nothing is lost: the ledger has the job, and the sweep publishes it later."""


@contextmanager
def _broker() -> Iterator[None]:
    try:
        yield
    except (RedisError, OperationalError) as error:
        raise BrokerUnavailable(str(error)) from error


class LinkSource(Protocol):
    """Makes short-lived links to what an order needs and rented machines have no key for. Never raises."""

    def links(self, order: BaseModel, *, now: datetime) -> tuple[SignedLink, ...]: ...


class Publisher:
    """Puts messages into the queues. Every method raises `BrokerUnavailable` at once: the sweep repeats, not we."""

    def __init__(self, app: Celery, redis: Redis, *, signer: LinkSource | None = None) -> None:
        self._app = app
        self._redis = redis
        self._signer = signer

    def render(self, job_id: str, *, epoch: int, spec: JobSpec, priority: int, now: datetime) -> None:
        """Order the pictures of a job. The epoch is set first: a worker drops messages of any other one."""
        links = self._signer.links(spec, now=now) if self._signer is not None else ()
        task = RenderTask(job_id=job_id, epoch=epoch, spec=spec, enqueued_at=now, links=links)
        with _broker():
            self._redis.set(keys.epoch(job_id), epoch, px=keys.EPOCH_TTL)
            self._app.send_task(
                routing.RENDER,
                args=[task.payload()],
                queue=_existing(routing.gpu_queue(spec.checkpoint.id)),
                task_id=routing.task_id(job_id, epoch=epoch),
                priority=priority,
                retry=False,
                ignore_result=True,
                argsrepr=f"({job_id!r}, epoch {epoch})",
            )

    def keep_input(self, data: bytes) -> str:
        """Keep a member's picture until a job wants it, which then renews it; returns its sha256."""
        with _broker():
            return blobs.put_unclaimed_input(self._redis, data)

    def renew_inputs(self, refs: Iterable[InputRef]) -> bool:
        """Keep pictures as long again as when they came; False where one of them is gone."""
        with _broker():
            return all(blobs.renew_input(self._redis, ref) for ref in refs)

    def forget_inputs(self, refs: Iterable[InputRef]) -> None:
        """Drop pictures that a member gave."""
        with _broker():
            blobs.forget_inputs(self._redis, refs)

    def control(self, task: str, message: Wire, *, job_id: str) -> None:
        """Tell the courier something about a job."""
        self._send_control(task, message.payload(), shown=f"({job_id!r},)")

    def control_job(self, task: str, job_id: str) -> None:
        """Tell the courier to look at a job."""
        self._send_control(task, {"job_id": job_id}, shown=f"({job_id!r},)")

    def want_upload(self, wish: UploadWanted) -> None:
        """Ask the courier for chunks of a file that somebody uploaded."""
        self._send_control(routing.LEND, wish.payload(), shown=f"(upload {wish.sha256[:12]} from {wish.first})")

    def wake_fleet(self) -> None:
        """Let the provisioner look at the queue now instead of at its next tick."""
        with _broker():
            self._redis.publish(keys.FLEET_WAKE, "1")

    def serve(self, checkpoint_ids: Iterable[str]) -> None:
        """Have every worker serve these checkpoints; cheap where they know already."""
        with _broker():
            served.announce(self._redis, checkpoint_ids)

    def withdraw(self, job_id: str) -> None:
        """The job ended: workers drop what is left of its messages."""
        with _broker():
            self._redis.delete(keys.epoch(job_id))

    def cancel(self, job_id: str) -> None:
        """Tell whoever renders this job to stop."""
        with _broker():
            self._redis.set(keys.cancel(job_id), "1", px=keys.CANCEL_TTL)

    def _send_control(self, task: str, payload: dict[str, object], *, shown: str) -> None:
        with _broker():
            self._app.send_task(
                task,
                args=[payload],
                queue=_existing(routing.CONTROL),
                priority=0,
                retry=False,
                ignore_result=True,
                argsrepr=shown,
            )


def _existing(name: str) -> Queue:
    """A queue that is not declared before each message: on Redis a list needs no making, and workers may not look."""
    return Queue(name, routing_key=name, no_declare=True)
