"""The worker process, `python -m gpu_worker.worker`: puts the parts together, warms up, takes jobs until it drains."""

import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime

import structlog
from celery import Celery
from celery.worker import state as celery_state
from redis import Redis
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from config.loading import Registry, load_registry
from config.problems import ConfigurationError
from config.registry import Profile
from config.settings import WorkerSettings, load_settings
from gpu_worker import exit_codes, former_life
from gpu_worker.ahead import Ahead
from gpu_worker.celery_app import make_worker_app, serve_renders
from gpu_worker.drain import FAULT_BOUND_S, Drain, finish
from gpu_worker.handover import Handover
from gpu_worker.heartbeat import HeartbeatWriter
from gpu_worker.lane import Lane
from gpu_worker.life_lease import HostThatFollows, LifeLease, Rented, RentedMachine, RentedPod
from gpu_worker.releases import ReleaseWatch
from gpu_worker.renderer import NoDevice, Renderer
from gpu_worker.run_job import run_job
from gpu_worker.served import Served, TaskConsumer, split
from gpu_worker.status import WorkerStatus
from gpu_worker.supervisor import LIFELINE
from gpu_worker.traffic import Traffic
from gpu_worker.warm_up import warm_up
from gpu_worker.watchdog import Watchdog
from gpu_worker.weights.addresses import Endpoints
from gpu_worker.weights.fetcher import WeightsFetcher
from gpu_worker.weights.upload_place import UploadPlace
from gpu_worker.weights.uploads import Uploads
from gpu_worker.workshop import Workshop
from tasks import logs
from tasks.connections import connect
from tasks.publishing import Publisher
from tasks.schema import CheckpointRef

log = structlog.get_logger()


def now() -> datetime:
    """The present moment; parts get it handed in."""
    return datetime.now(UTC)


class Worker:
    """One worker: its parts, and its way from the start to the end."""

    def __init__(self, settings: WorkerSettings, registry: Registry) -> None:
        self._settings = settings
        self._checkpoints, self._learns = split(settings.queues, registry.checkpoints)
        self._warm = _warm_checkpoints(settings, registry, self._checkpoints)
        self._redis = connect(settings.broker_url)
        self._traffic = Traffic()
        self._status = WorkerStatus(now=now, release=settings.release)
        self._watchdog = Watchdog(_end_stalled)
        self._machine = _rented_machine(settings)
        self._lane = Lane(lambda: self._make_renderer(_profile(settings, registry)))
        self._app = self._make_app()
        self._fetcher = _fetcher(settings, self._app)
        self._drain = Drain(
            self._traffic, announce=self._status.drain, interrupt=self._interrupt, stop=_stop_celery, kill=self._kill
        )
        self._shop = self._make_shop()
        self._ahead = Ahead(
            redis=connect(settings.broker_url),
            checkpoints=self._checkpoints,
            fetcher=self._fetcher,
            lane=self._lane,
            traffic=self._traffic,
            status=self._status,
            watchdog=self._watchdog,
        )
        self._releases = ReleaseWatch(
            connect(settings.broker_url),
            settings.worker_id,
            running=settings.release,
            refused=settings.refused_release,
            on_release=lambda: self._drain.begin(exit_codes.NEW_RELEASE),
        )
        self._life = LifeLease(settings.life_lease_s, self._end_of_life)
        self._heartbeat = HeartbeatWriter(
            connect(settings.broker_url),
            settings.worker_id,
            status=self._status,
            loaded=self._lane.loaded,
            controlnets=self._lane.controlnets,
            device=self._lane.device,
            now=now,
            on_wanted=self._life.touch,
            on_finish=self._last_jobs,
        )

    def run(self) -> int:
        """Returns the exit code for the supervisor."""
        signal.signal(signal.SIGTERM, lambda *_: self._drain.begin(exit_codes.DONE))
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the supervisor too, which sends SIGTERM
        if self._machine is not None:  # on a machine of one's own the worker waits for Redis
            self._life.start()
            if self._settings.max_life_s is not None:
                LifeLease(self._settings.max_life_s, self._end_of_age).start()
        self._heartbeat.start()
        try:
            self._lane.start()
        except NoDevice as error:
            log.critical("the GPU cannot be used", reason=str(error), is_rented=self._machine is not None)
            self._heartbeat.stop()
            return exit_codes.NO_DEVICE
        self._watchdog.start()
        log.info("device ready", device=self._lane.device().name)
        self._ahead.learn_links()
        warm_up(self._warm, fetcher=self._fetcher, lane=self._lane, watchdog=self._watchdog, status=self._status)
        self._forget_former_life()
        self._ahead.start()
        self._releases.start()
        code = self._consume()
        self._heartbeat.stop()
        return code

    def _consume(self) -> int:
        """Celery's loop, until the drain stops it."""
        serve_renders(self._app, lambda message: run_job(message, self._shop))
        self._app.set_default()  # where Celery's pool threads, which know no current app, look a task up
        controller = self._app.WorkController(
            hostname=f"gpu@{self._settings.worker_id}",
            ready_callback=self._on_ready,
            without_gossip=True,
            without_mingle=True,
        )
        controller.start()
        return int(controller.exitcode or 0)

    def _on_ready(self, consumer: TaskConsumer) -> None:
        if self._learns:
            Served(connect(self._settings.broker_url), self._app, self._checkpoints, self._serve).start(consumer)
        self._status.ready()
        log.info("worker ready", loaded=list(self._lane.loaded()))

    def _serve(self, checkpoints: tuple[str, ...]) -> None:
        self._ahead.checkpoints = checkpoints

    def _forget_former_life(self) -> None:
        """With patience: Redis may be away for longer than a client waits, and the lease on life watches us anyway."""
        while True:
            try:
                left = former_life.forget(self._redis, self._settings.worker_id)
            except (RedisConnectionError, RedisTimeoutError):
                log.warning("redis does not answer, waiting")
                time.sleep(2)
            else:
                break
        if left:
            log.warning("messages of a former life dropped", messages=left)

    def _make_app(self) -> Celery:
        return make_worker_app(
            self._settings.broker_url,
            worker_id=self._settings.worker_id,
            checkpoints=self._checkpoints,
            gate=self._traffic,
            loaded=self._lane.loaded,
        )

    def _make_shop(self) -> Workshop:
        redis = _patient(connect(self._settings.broker_url))
        publisher = Publisher(self._app, redis)
        return Workshop(
            worker_id=self._settings.worker_id,
            redis=self._redis,
            fetcher=self._fetcher,
            lane=self._lane,
            handover=Handover(publisher, redis, worker_id=self._settings.worker_id, now=now),
            traffic=self._traffic,
            status=self._status,
            watchdog=self._watchdog,
            now=now,
            on_device_fault=lambda: self._drain.begin(exit_codes.DEVICE_FAULT, bound_s=FAULT_BOUND_S),
        )

    def _make_renderer(self, profile: Profile | None) -> Renderer:
        """On the lane's thread: importing torch takes seconds, and the heartbeat beats meanwhile."""
        from gpu_worker.diffusers_renderer import make_renderer  # noqa: PLC0415

        options = profile.device if profile is not None else None
        return make_renderer(options, wanted=lambda: self._ahead.wanted, is_rented=self._machine is not None)

    def _interrupt(self) -> None:
        self._shop.interrupt_all()

    def _kill(self, exit_code: int) -> None:
        self._heartbeat.stop()
        os._exit(exit_code)

    def _last_jobs(self) -> None:
        """What is in hand is drawn; the provisioner ends the machine after that."""
        log.info("no further job is taken: the fleet lets this machine go")
        self._traffic.close()
        self._status.drain()

    def _end_of_age(self) -> None:
        """Nobody touches this lease: it is the machine's age."""
        self._status.drain()
        finish(self._traffic)
        self._end_of_life()

    def _end_of_life(self) -> None:
        if self._machine is not None:
            self._machine.destroy()
        os._exit(exit_codes.DONE)


def _rented_machine(settings: WorkerSettings) -> Rented | None:
    """Whose money it costs, by the variables that each cloud sets on its machines; None on one's own."""
    if settings.container_api_key is not None and settings.container_id is not None:
        return RentedMachine(settings.vast_url, settings.container_id, settings.container_api_key)
    if settings.runpod_pod_id is not None and settings.runpod_api_key is not None:
        return RentedPod(settings.runpod_url, settings.runpod_pod_id, settings.runpod_api_key)
    return HostThatFollows() if settings.host_follows else None


def _profile(settings: WorkerSettings, registry: Registry) -> Profile | None:
    return registry.profiles.get(settings.profile) if settings.profile else registry.profile


def _warm_checkpoints(settings: WorkerSettings, registry: Registry, served: Sequence[str]) -> Sequence[CheckpointRef]:
    profile = _profile(settings, registry)
    names = profile.warm if profile else ()
    return [CheckpointRef.of(registry.checkpoints[name]) for name in names if name in served]


def _fetcher(settings: WorkerSettings, app: Celery) -> WeightsFetcher:
    redis = connect(settings.broker_url)
    return WeightsFetcher(
        settings.weights_dir or settings.data_dir / "weights",
        roots=(settings.config_dir,),
        endpoints=Endpoints(urls=_urls(settings), tokens=_tokens(settings)),
        limit_bytes=int(settings.weights_limit_gb * 10**9) if settings.weights_limit_gb else None,
        uploads=Uploads(UploadPlace(redis, Publisher(app, redis).want_upload, worker_id=settings.worker_id)),
    )


def _urls(settings: WorkerSettings) -> dict[str, str]:
    return {"s3": settings.s3_endpoint_url} if settings.s3_endpoint_url else {}


def _tokens(settings: WorkerSettings) -> dict[str, str]:
    """Only ever there on a machine of one's own."""
    tokens = {"huggingface": settings.hf_token, "civitai": settings.civitai_token}
    return {scheme: token.get_secret_value() for scheme, token in tokens.items() if token is not None}


def _patient(redis: Redis) -> Redis:
    redis.set_retry(Retry(ExponentialBackoff(cap=2, base=0.1), retries=6))
    return redis


def _stop_celery(exit_code: int) -> None:
    celery_state.should_stop = exit_code


def _end_stalled(silent_s: float) -> None:
    log.critical("the device does not come back, ending the process", silent_s=round(silent_s))
    os._exit(exit_codes.STALLED)


def _end_with_supervisor() -> None:
    """Block until the supervisor's end of the pipe closes, which its death does."""
    descriptor = os.environ.pop(LIFELINE, None)
    if descriptor is None:
        return

    def wait() -> None:
        os.read(int(descriptor), 1)
        os._exit(exit_codes.DONE)

    threading.Thread(target=wait, name="lifeline", daemon=True).start()


def main() -> int:
    """Settings, registry, logs, worker."""
    try:
        settings = load_settings(WorkerSettings)
        registry = load_registry(settings.config_dir)
    except ConfigurationError as error:
        sys.stderr.write(f"The GPU worker cannot start:\n{error}\n")
        return exit_codes.MISCONFIGURED
    logs.configure("gpu_worker", log_format=settings.log_format)
    _end_with_supervisor()
    return Worker(settings, registry).run()


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    os._exit(code)  # the lane's thread may still be inside torch; nothing is left to be done in order
