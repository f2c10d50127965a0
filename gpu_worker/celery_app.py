"""The GPU worker's Celery app: its queues, its private keys of taken messages, and the one task."""

from collections.abc import Callable, Iterable
from typing import Any

from celery import Celery

from gpu_worker.transport import AffinityCycle, Gate, GatedTransport
from tasks import keys, routing
from tasks.app import make_app

CONCURRENCY = 3  # one job fetches and prepares, one has the lane, one is encoded and handed over


def make_worker_app(
    broker_url: str,
    *,
    worker_id: str,
    checkpoints: Iterable[str],
    gate: Gate | None = None,
    loaded: Callable[[], Iterable[str]] = tuple,
) -> Celery:
    """The app of one worker. Nothing is connected until it is used.

    Taken messages lie under keys of this worker alone, so that another worker's late acknowledgement cannot wipe
    them and the sweep can tell who holds what. No remote control: a stolen credential revokes nothing.
    """
    app = make_app(broker_url, client_name=worker_id, queues=[routing.gpu_queue(name) for name in checkpoints])
    app.conf.broker_transport = GatedTransport
    app.conf.broker_transport_options = {
        **app.conf.broker_transport_options,
        "unacked_key": keys.unacked(worker_id),
        "unacked_index_key": keys.unacked_index(worker_id),
        "unacked_mutex_key": keys.unacked_mutex(worker_id),
        "queue_order_strategy": lambda: AffinityCycle(loaded),
        "gate": gate,
    }
    app.conf.update(worker_enable_remote_control=False, worker_concurrency=CONCURRENCY, worker_pool="threads")
    return app


def serve_renders(app: Celery, run: Callable[[dict[str, Any]], None]) -> None:
    """Register `gpu_worker.render`; `run` gets the message and deals with every failure itself."""

    @app.task(name=routing.RENDER, ignore_result=True, shared=False)  # type: ignore[untyped-decorator]
    def render(message: dict[str, Any]) -> None:
        run(message)
