"""Signed links that came with jobs: how a machine without keys gets private weights. Kept in memory, never logged."""

import threading
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from config.registry import Weights
from tasks.schema import SignedLink

_LEEWAY = timedelta(seconds=20)  # a link that dies before the first byte is none

_Key = tuple[str, str | None, str]


class LinkBook:
    """Thread-safe. The youngest link to a file wins; those that ran out are forgotten."""

    def __init__(self, *, now: Callable[[], datetime]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._links: dict[_Key, SignedLink] = {}

    def learn(self, links: Iterable[SignedLink]) -> None:
        """Remember these."""
        with self._lock:
            for link in links:
                known = self._links.get(_key(link))
                if known is None or known.expires_at < link.expires_at:
                    self._links[_key(link)] = link
            self._links = {key: link for key, link in self._links.items() if self._is_alive(link)}

    def url(self, weights: Weights, path: str) -> str | None:
        """The link to one file, while it is valid."""
        with self._lock:
            link = self._links.get((weights.source, weights.revision, path))
            return link.url if link is not None and self._is_alive(link) else None

    def paths(self, weights: Weights) -> list[str]:
        """The files of a source that there are valid links to."""
        with self._lock:
            return sorted(
                path
                for (source, revision, path), link in self._links.items()
                if (source, revision) == (weights.source, weights.revision) and self._is_alive(link)
            )

    def _is_alive(self, link: SignedLink) -> bool:
        return link.expires_at - _LEEWAY > self._now()


def _key(link: SignedLink) -> _Key:
    return link.source, link.revision, link.path
