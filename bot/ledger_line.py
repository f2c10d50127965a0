"""One thread that calls the ledger, and the line before it: whoever waits for an answer goes first."""

import itertools
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from enum import IntEnum
from typing import Any, TypeVar

Answer = TypeVar("Answer")

_Call = tuple[int, int, Callable[[], Any] | None, Future[Any]]


class Urgency(IntEnum):
    """How soon."""

    ANSWER = 0  # a member looks at "thinking", and Discord gives up after 3 s
    AFTERWARDS = 1  # the member has been answered
    LAST = 2  # nothing more comes after it


class LedgerLine:
    """One thread, because on SQLite several writers only wait for each other's locks."""

    def __init__(self) -> None:
        self._numbers = itertools.count()
        self._waiting: queue.PriorityQueue[_Call] = queue.PriorityQueue()
        self._is_closed = False
        self._thread = threading.Thread(target=self._run, name="ledger", daemon=True)
        self._thread.start()

    def submit(self, call: Callable[[], Answer], urgency: Urgency = Urgency.ANSWER) -> Future[Answer]:
        """Calls of one urgency are made in their order.

        Raises:
            RuntimeError: the line is closed.
        """
        if self._is_closed:
            message = "the ledger's line is closed"
            raise RuntimeError(message)
        future: Future[Answer] = Future()
        self._waiting.put((urgency, next(self._numbers), call, future))
        return future

    def close(self) -> None:
        """Take no more calls, and forget those that wait; the one at hand is made."""
        self._is_closed = True
        while not self._waiting.empty():
            try:
                self._waiting.get_nowait()[3].cancel()
            except queue.Empty:
                break
        self._waiting.put((Urgency.LAST, next(self._numbers), None, Future()))

    def _run(self) -> None:
        while True:
            _, _, call, future = self._waiting.get()
            if call is None:
                return
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(call())
            except BaseException as error:  # noqa: BLE001 - it is the caller's
                future.set_exception(error)
