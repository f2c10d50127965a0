"""Structured logs, the same in every process: a process name on each line, and a job's id wherever there is one."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_SECRET_KEYS = ("token", "api_key", "password", "secret")
_URL_PASSWORD = re.compile(r"(?P<scheme>\w+://[^:@/\s]*):[^@/\s]+@")
_WEBHOOK_TOKEN = re.compile(r"(?P<route>/(?:webhooks|interactions)/\d+)/[\w.-]+")
_NOISY = ("celery", "kombu", "amqp", "discord", "urllib3", "asyncio", "httpx", "aiohttp.access", "alembic", "PIL")


def configure(process: str, *, log_format: str = "console", level: int = logging.INFO) -> None:
    """Route structlog and the standard library's loggers to stderr, without secrets.

    Args:
        process: what this process is called in the logs ("bot", "courier", …).
        log_format: "console" for people, "json" for machines.
        level: the standard library's number for the least severe line shown.
    """

    def name_process(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event.setdefault("process", process)  # not a context variable: those do not reach other threads
        return event

    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        name_process,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _without_secrets,
    ]
    rendering = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), sort_keys=False)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, rendering],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _NOISY:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    structlog.contextvars.clear_contextvars()


def redacted(text: str) -> str:
    """`text` without passwords in addresses and without interaction tokens in routes."""
    return _WEBHOOK_TOKEN.sub(r"\g<route>/***", _URL_PASSWORD.sub(r"\g<scheme>:***@", text))


def _without_secrets(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if any(word in key.lower() for word in _SECRET_KEYS):
            event[key] = "***"
        elif isinstance(value, str):
            event[key] = redacted(value)
    return event
