"""Stopping a job on purpose from another thread: the lane looks at each step."""

import threading

from tasks.errors import ErrorCode, Interrupted


class LeaseLost(Exception):  # noqa: N818 - reads as the sentence "except LeaseLost"
    """Another worker may hold the job by now: stop, hand over nothing, tell nobody."""


class Interruption:
    """One job's stop sign. The first reason stays."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reason: Exception | None = None

    def cancel(self) -> None:
        """Somebody does not want the picture any more."""
        self._set(Interrupted(ErrorCode.CANCELLED, "cancelled while on the worker"))

    def shut_down(self) -> None:
        """The worker ends before the job does."""
        self._set(Interrupted(ErrorCode.SHUTTING_DOWN, "the worker is shutting down"))

    def lose_lease(self) -> None:
        """The lease is gone."""
        self._set(LeaseLost())

    def check(self) -> None:
        """Raises the reason, if there is one: `Interrupted` or `LeaseLost`."""
        if self._reason is not None:
            raise self._reason

    def _set(self, reason: Exception) -> None:
        with self._lock:
            if self._reason is None:
                self._reason = reason
