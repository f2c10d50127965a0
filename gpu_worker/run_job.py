"""The way of one job through the worker, from its message to the hand-over."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import structlog

from gpu_worker import claims, decoding, materials, png
from gpu_worker.decoding import Envelope
from gpu_worker.faults import worker_fault
from gpu_worker.interruption import Interruption, LeaseLost
from gpu_worker.job_watch import JobWatch
from gpu_worker.materials import Errands, Listener
from gpu_worker.pace import Pace
from gpu_worker.progress import ProgressReport
from gpu_worker.renderer import CheckpointFiles, Drawing, Materials, Picture, Renderer, unseen
from gpu_worker.stopwatch import Stopwatch
from gpu_worker.workshop import Workshop
from tasks.clamping import clamped
from tasks.errors import ErrorCode, JobError
from tasks.leases import Lease
from tasks.schema import BlobRef, JobSpec, Stage

log = structlog.get_logger()


def run_job(message: Mapping[str, Any], shop: Workshop) -> None:
    """Render what a message orders, unless it is a stale or second copy. Never raises for what a job can cause.

    Raises:
        pydantic.ValidationError: the message is no render task, so nobody could be told.
    """
    job = decoding.read_envelope(message)
    with (
        structlog.contextvars.bound_contextvars(job_id=job.job_id, epoch=job.epoch),
        shop.traffic.holding(job.job_id),
    ):
        if not claims.is_current(shop.redis, job.job_id, epoch=job.epoch):
            log.info("stale message dropped")
            return
        if claims.is_cancelled(shop.redis, job.job_id):
            log.info("cancelled job dropped")
            return
        lease = Lease(shop.redis, job.job_id, epoch=job.epoch, worker_id=shop.worker_id)
        if not lease.acquire():
            log.info("second copy dropped")
            return
        with shop.status.working_on(job.job_id):
            _under_lease(job, message, lease, shop)


def _under_lease(job: Envelope, message: Mapping[str, Any], lease: Lease, shop: Workshop) -> None:
    progress = ProgressReport(job.job_id, job.epoch, worker_id=shop.worker_id, now=shop.now)
    with shop.interruptible() as interruption:
        watch = JobWatch(shop.redis, job.job_id, lease=lease, progress=progress, interruption=interruption)
        try:
            with watch:
                shop.handover.claimed(job.job_id, epoch=job.epoch)
                shop.fetcher.learn(decoding.read_links(message))
                spec = decoding.read_spec(message)
                _render(job, spec, _Attempt(shop, progress, interruption))
        except LeaseLost:
            log.warning("job dropped: its lease is lost")
        except JobError as error:
            _give_back(job, error, lease, shop)
        except Exception as error:  # noqa: BLE001 - whatever it is, the next job must find a worker
            _give_back(job, worker_fault(error), lease, shop)
        else:
            lease.finish()
            shop.status.note_done(loras=[lora.id for lora in spec.loras])


@dataclass(frozen=True)
class _Needs:
    """What the lane works with."""

    checkpoint: CheckpointFiles
    materials: Materials


class _Attempt:
    """What belongs to this one attempt at a job."""

    def __init__(self, shop: Workshop, progress: ProgressReport, interruption: Interruption) -> None:
        self.shop = shop
        self.progress = progress
        self.interruption = interruption
        self.stopwatch = Stopwatch()

    @contextmanager
    def announce(self, name: str) -> Iterator[Listener]:
        """Something is fetched: told to the heartbeat and to who watches; a cancellation ends a download too."""
        with self.shop.status.fetching(name) as note:

            def listen(done_bytes: int, total_bytes: int | None) -> None:
                self.interruption.check()
                self.progress.note_bytes(done_bytes, total_bytes)
                note(done_bytes, total_bytes)

            yield listen


def _render(job: Envelope, order: JobSpec, attempt: _Attempt) -> None:
    shop, stopwatch = attempt.shop, attempt.stopwatch
    spec, clamps = clamped(order)
    with stopwatch.measure("fetch_s"):
        needs = _fetch(spec, attempt)
        with shop.watchdog.preparing():
            shop.lane.aside(lambda renderer: renderer.prepare(spec, needs.materials))
    attempt.interruption.check()
    drawing = shop.lane.run(lambda renderer: _on_lane(renderer, job, spec, needs, attempt))
    attempt.progress.note_stage(Stage.ENCODING)
    pictures = [*drawing.pictures, *drawing.maps]
    with stopwatch.measure("encode_s"):
        encoded = [png.encode(picture, spec) for picture in pictures]
    attempt.progress.note_stage(Stage.UPLOADING)
    with stopwatch.measure("upload_s"):
        stored = [
            _store(job, number, picture, data, shop)
            for number, (picture, data) in enumerate(zip(pictures, encoded, strict=True))
        ]
    attempt.interruption.check()
    shop.handover.rendered(
        job.job_id,
        epoch=job.epoch,
        images=stored[: len(drawing.pictures)],
        maps=stored[len(drawing.pictures) :],
        timings=stopwatch.timings(),
        remarks=[f"{clamp.option} clamped to {clamp.used:g}" for clamp in clamps],
    )
    log.info("job rendered", kind=spec.kind, images=len(drawing.pictures), **stopwatch.rounded())


def _fetch(spec: JobSpec, attempt: _Attempt) -> _Needs:
    """The checkpoint's files and all that is beside it."""
    shop = attempt.shop
    with attempt.announce(spec.checkpoint.id) as listen:
        files = shop.fetcher.checkpoint(spec.checkpoint, listen=listen)
    return _Needs(files, materials.gather(spec, shop.redis, Errands(shop.fetcher, attempt.announce)))


def _on_lane(renderer: Renderer, job: Envelope, spec: JobSpec, needs: _Needs, attempt: _Attempt) -> Drawing:
    """On the lane's thread: nothing here talks to Redis."""
    shop, progress, stopwatch = attempt.shop, attempt.progress, attempt.stopwatch
    attempt.interruption.check()
    with shop.traffic.on_lane(job.job_id):
        if spec.checkpoint.id not in renderer.loaded():
            progress.note_stage(Stage.LOADING)
        with stopwatch.measure("load_s"), shop.watchdog.loading():
            renderer.load(spec.checkpoint, needs.checkpoint)
        pace = Pace(time.monotonic())

        def on_step(step: int, steps: int) -> None:
            shop.watchdog.step()
            attempt.interruption.check()
            seconds_left = pace.seconds_left(step, steps, now=time.monotonic())
            shop.traffic.expect_free_in(seconds_left)
            progress.note_step(step, steps, seconds_left=seconds_left)

        # A preview shows what no safety checker has looked at.
        on_preview = progress.note_preview if spec.safety is None else unseen
        progress.note_step(0, spec.steps_per_image * spec.num_images, seconds_left=None)
        with stopwatch.measure("sample_s"), shop.watchdog.drawing():
            return renderer.draw(spec, on_step, needs.materials, on_preview=on_preview)


def _store(job: Envelope, number: int, picture: Picture, data: bytes, shop: Workshop) -> BlobRef:
    size = (picture.width, picture.height)
    ref = shop.handover.store(job.job_id, number, epoch=job.epoch, png=data, seed=picture.seed, size=size)
    return ref.model_copy(update={"adult": picture.adult})


def _give_back(job: Envelope, error: JobError, lease: Lease, shop: Workshop) -> None:
    """Tell why, then let go: the ledger decides whether somebody tries again."""
    log.warning("job failed", code=error.code.value, detail=error.detail)
    shop.status.note_error(error)
    try:
        shop.handover.failed(job.job_id, epoch=job.epoch, error=error)
        lease.release()
    except Exception as trouble:  # noqa: BLE001 - the lease runs out and the sweep brings the job back
        log.warning("failure could not be reported", error=type(trouble).__name__)
    if error.code is ErrorCode.DEVICE_FAULT:
        shop.on_device_fault()
