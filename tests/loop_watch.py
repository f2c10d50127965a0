"""Watches an event loop: which callback kept it from everything else, and for how long.

Counted is the thread's own processor time: on a busy machine a callback that only waits for the processor is not to
blame. Blocking calls that need no processor are seen by Python's own audit events.
"""

import asyncio
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

_BLOCKING = frozenset({"subprocess.Popen", "os.system", "sqlite3.connect", "http.client.connect"})


@dataclass
class LoopWatch:
    """`slow`: (seconds, what) of the callbacks above the limit; `blocking`: calls that do not belong on a loop."""

    limit_s: float
    slow: list[tuple[float, str]] = field(default_factory=list)
    blocking: list[str] = field(default_factory=list)
    thread: int = field(default_factory=threading.get_ident)
    is_on: bool = True


@contextmanager
def watching(*, limit_s: float) -> Iterator[LoopWatch]:
    """Of the loop that runs in this thread. What serves the sandbox's requests in the same loop is left out."""
    watch, handles, clock = LoopWatch(limit_s), vars(asyncio)["Handle"], vars(sys.modules["time"])
    plain, sleep = handles._run, clock["sleep"]

    def run(handle: asyncio.Handle) -> None:
        began = time.thread_time()
        plain(handle)
        spent = time.thread_time() - began
        if spent > watch.limit_s and threading.get_ident() == watch.thread:
            name = _name(handle)
            if "aiohttp.web" not in name and "sandbox" not in name:
                watch.slow.append((round(spent, 3), name))

    def doze(seconds: float) -> None:
        if threading.get_ident() == watch.thread:
            watch.blocking.append(f"time.sleep in {_caller()}")
        sleep(seconds)

    def hear(event: str, _arguments: Any) -> None:
        if watch.is_on and event in _BLOCKING and threading.get_ident() == watch.thread:
            watch.blocking.append(f"{event} in {_caller()}")

    sys.addaudithook(hear)  # it stays for as long as the process lives, and hears nothing once it is off
    handles._run, clock["sleep"] = run, doze
    try:
        yield watch
    finally:
        handles._run, clock["sleep"] = plain, sleep
        watch.is_on = False


def _name(handle: Any) -> str:
    callback = handle._callback
    task = getattr(callback, "__self__", None)
    if isinstance(task, asyncio.Task):
        coroutine: Any = task.get_coro()
        return f"{coroutine.cr_frame.f_globals['__name__'] if coroutine.cr_frame else '?'}.{coroutine.__qualname__}"
    return f"{getattr(callback, '__module__', '?')}.{getattr(callback, '__qualname__', callback)}"


def _caller() -> str:
    frame = sys._getframe(2)
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"
