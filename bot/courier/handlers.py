"""The courier's Celery tasks, as thin as web views: read the message, hand it to the office."""

from collections.abc import Callable
from typing import Any

import structlog
from celery import Celery
from pydantic import ValidationError

from bot.courier.office import Office
from tasks import routing
from tasks.schema import Claimed, Failed, Rendered, Wire
from tasks.uploads import UploadWanted

log = structlog.get_logger()


def register(app: Celery, office: Office) -> None:
    """Give the app its six tasks."""
    _task(app, routing.CLAIMED, lambda payload: office.claimed(Claimed.read(payload)))
    _task(app, routing.RENDERED, lambda payload: office.rendered(Rendered.read(payload)))
    _task(app, routing.FAILED, lambda payload: office.failed(Failed.read(payload)))
    _task(app, routing.POST, lambda payload: office.post(JobNamed.read(payload).job_id))
    _task(app, routing.TELL, lambda payload: office.tell(JobNamed.read(payload).job_id))
    _task(app, routing.LEND, lambda payload: office.lend(UploadWanted.read(payload)))


class JobNamed(Wire):
    """The argument of `courier.post` and `courier.tell`."""

    job_id: str


def _task(app: Celery, name: str, handle: Callable[[dict[str, Any]], None]) -> None:
    def run(payload: dict[str, Any]) -> None:
        job_id = payload.get("job_id") if isinstance(payload, dict) else None
        with structlog.contextvars.bound_contextvars(job_id=str(job_id)[:40]):
            try:
                handle(payload)
            except ValidationError as error:
                # Only GPU workers and our own processes push here; what cannot be read is nobody's order.
                log.warning("message dropped: it cannot be read", task=name, problems=error.error_count())

    app.task(run, name=name)
