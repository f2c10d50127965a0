"""Loads the profile's checkpoints before the first job does, so that it need not wait."""

from collections.abc import Iterable
from functools import partial

import structlog

from gpu_worker.faults import worker_fault
from gpu_worker.lane import Lane
from gpu_worker.renderer import CheckpointFiles, Renderer
from gpu_worker.status import WorkerStatus
from gpu_worker.watchdog import Watchdog
from gpu_worker.workshop import Fetcher
from tasks.errors import JobError
from tasks.schema import CheckpointRef

log = structlog.get_logger()


def warm_up(
    refs: Iterable[CheckpointRef], *, fetcher: Fetcher, lane: Lane, watchdog: Watchdog, status: WorkerStatus
) -> None:
    """Fetch and load each. One that cannot be had is logged and told by the heartbeat; the others still count."""
    for ref in refs:
        try:
            with status.fetching(ref.id) as listen:
                files = fetcher.checkpoint(ref, listen=listen)
            with watchdog.loading():
                lane.run(partial(_load, ref, files))
        except Exception as error:  # noqa: BLE001 - a process that ended here would only be started again, for ever
            trouble = error if isinstance(error, JobError) else worker_fault(error)
            log.warning("checkpoint not warmed up", checkpoint=ref.id, code=trouble.code.value, detail=trouble.detail)
            status.note_error(trouble)
        else:
            log.info("checkpoint warmed up", checkpoint=ref.id)


def _load(ref: CheckpointRef, files: CheckpointFiles, renderer: Renderer) -> None:
    renderer.load(ref, files)
