"""The Celery app's settings, the same on both sides; `tasks.app:app` serves the `celery` command and Flower."""

from collections.abc import Iterable
from typing import Any

from celery import Celery
from kombu import Queue

from config.loading import load_registry
from config.settings import ProcessSettings, load_settings
from tasks import routing


def transport_options(*, client_name: str) -> dict[str, Any]:
    """Options of kombu's Redis transport. Producer and consumer must agree on `sep` and `priority_steps`.

    The visibility timeout is no recovery tool here: the ledger's sweep brings lost jobs back within seconds, so it
    only has to exceed the longest job (celery #5935: a shorter one runs long jobs twice).
    """
    return {
        "visibility_timeout": 3600,
        "priority_steps": list(routing.PRIORITY_STEPS),
        "sep": routing.SEPARATOR,
        "queue_order_strategy": "priority",
        "client_name": client_name,
        "socket_connect_timeout": 5,
        "socket_timeout": 15,
        "socket_keepalive": True,
        "health_check_interval": 10,
        "retry_on_timeout": False,
    }


def make_app(broker_url: str, *, client_name: str, queues: Iterable[str] = ()) -> Celery:
    """A Celery app without side effects: nothing is connected until it is used.

    Args:
        broker_url: address of Redis.
        client_name: what Redis and the logs call this process.
        queues: the queues that a worker of this app consumes and that Flower lists.
    """
    app = Celery("easel", broker=broker_url, set_as_current=False)
    app.conf.update(
        accept_content=["json"],
        task_serializer="json",
        result_serializer="json",
        event_serializer="json",
        result_backend=None,
        task_ignore_result=True,
        task_acks_late=True,
        task_acks_on_failure=True,
        task_acks_on_timeout=True,
        task_reject_on_worker_lost=True,
        task_default_queue=routing.CONTROL,
        task_create_missing_queues=True,
        task_queues=[Queue(name, routing_key=name, no_declare=True) for name in queues],
        task_send_sent_event=True,
        worker_send_task_events=True,
        worker_prefetch_multiplier=1,
        worker_detect_quorum_queues=False,
        worker_hijack_root_logger=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        broker_connection_retry=True,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_connection_timeout=4,
        broker_transport_options=transport_options(client_name=client_name),
        enable_utc=True,
    )
    return app


def __getattr__(name: str) -> Celery:
    """`app`, made when the `celery` command asks for it: importing this module reads no settings."""
    if name != "app":
        raise AttributeError(name)
    settings = load_settings(ProcessSettings)
    checkpoints = load_registry(settings.config_dir).checkpoints
    queues = [routing.CONTROL, *(routing.gpu_queue(checkpoint) for checkpoint in checkpoints)]
    return make_app(settings.redis_url, client_name="easel-view", queues=queues)
