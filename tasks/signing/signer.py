"""The links of an order, asked for once and used again while they have long to live."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import requests
import structlog

from config.registry import Weights
from tasks.schema import SignedLink
from tasks.wanted import files_of

log = structlog.get_logger()

_TRY_AGAIN = timedelta(seconds=30)
_PUBLIC_FOR = timedelta(hours=1)

_Key = tuple[str, str | None, str]


class Resolver(Protocol):
    """Makes links to the files of one kind of source."""

    def sign(self, weights: Weights, path: str, *, now: datetime) -> SignedLink | None: ...


@dataclass(frozen=True)
class _Known:
    link: SignedLink | None
    until: datetime


class LinkSigner:
    """Thread-safe. Never raises for what a service does: a worker may have the files already, and says if not."""

    def __init__(self, resolvers: Mapping[str, Resolver]) -> None:
        self._resolvers = resolvers
        self._known: dict[_Key, _Known] = {}
        self._lock = threading.Lock()

    def links(self, order: Any, *, now: datetime) -> tuple[SignedLink, ...]:
        """Valid links to what an order needs and nobody gets without a key."""
        wanted = [(weights, path) for weights, paths in files_of(order) for path in paths]
        found = [self._link(weights, path, now) for weights, path in wanted if self._resolver(weights) is not None]
        return tuple(link for link in found if link is not None)

    def _resolver(self, weights: Weights) -> Resolver | None:
        return self._resolvers.get(weights.source.partition(":")[0])

    def _link(self, weights: Weights, path: str, now: datetime) -> SignedLink | None:
        key = (weights.source, weights.revision, path)
        with self._lock:
            known = self._known.get(key)
        if known is None or known.until <= now:
            known = self._ask(weights, path, now)
            with self._lock:
                self._known[key] = known
        return known.link

    def _ask(self, weights: Weights, path: str, now: datetime) -> _Known:
        resolver = self._resolver(weights)
        try:
            link = resolver.sign(weights, path, now=now) if resolver is not None else None
        except requests.RequestException as error:
            log.warning("no link to private weights", source=weights.source, error=_reason(error))
            return _Known(None, now + _TRY_AGAIN)
        if link is None:
            return _Known(None, now + _PUBLIC_FOR)
        return _Known(link, now + (link.expires_at - now) / 2)  # whoever gets it has at least half of its life


def _reason(error: requests.RequestException) -> str:
    """Without the address, which requests puts into its errors."""
    status = error.response.status_code if error.response is not None else None
    return f"HTTP {status}" if status else type(error).__name__
