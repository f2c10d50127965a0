"""Watches an event loop: which callback kept it from everything else, for how long, and where it stood meanwhile.

A busy machine makes every callback take long, so its time by the clock alone proves nothing. Two times count instead:
the processor time of the loop's own thread, whatever others take; and the time that it stood still, which is counted
only in ticks that a second thread saw begin and end on time. That thread needs a core and the interpreter as the loop
does: where it got both at once, the loop could have had them too and waited for something else.
"""

import asyncio
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).parents[1]
LIMIT_S = 0.05
TICK_S = 0.005
_RUNNER = asyncio.events.__file__
# A thread that sleeps for a tick wakes up some tenths of a millisecond late, where nothing is in its way.
_ON_TIME_S = 1.3 * TICK_S
# Calls that do not belong on a loop, however short they are; Python tells of them as audit events.
_BLOCKING = frozenset({"subprocess.Popen", "os.system", "os.fork", "sqlite3.connect", "http.client.connect"})
# In tests these run in the bot's loop, too, and are not the bot: the world around it, and the courier's part.
NOT_THE_BOT = ("tests", "sandbox", "benchmarks", "bot/courier")
_AROUND_THE_BOT = ("aiohttp.web", "pytest_asyncio")  # libraries that run nothing but those


@dataclass
class Turn:
    """One callback at work. `idle_s`: how long it stood still; `stack`: where, once half of the limit was over."""

    callback: str
    began_cpu_s: float
    idle_s: float = 0.0
    stack: traceback.StackSummary | None = None


@dataclass
class LoopWatch:
    """`slow`: what held the loop for longer than the limit; `blocking`: calls that do not belong on a loop."""

    limit_s: float
    innocent: tuple[str, ...]
    slow: list[str] = field(default_factory=list)
    blocking: list[str] = field(default_factory=list)
    thread: int = field(default_factory=threading.get_ident)
    turn: Turn | None = None

    def begin(self, callback: str) -> None:
        self.turn = Turn(callback, time.thread_time())

    def end(self) -> None:
        turn, self.turn = self.turn, None
        if turn is None:
            return
        spent = time.thread_time() - turn.began_cpu_s
        if max(spent, turn.idle_s) > self.limit_s and self._is_the_bots(turn.stack, turn.callback):
            where = _shown(turn.stack) if turn.stack else "  (seen by nobody)\n"
            self.slow.append(f"{turn.callback}: {spent:.3f} s of work, {turn.idle_s:.3f} s of waiting\n{where}")

    def blame(self, what: str) -> None:
        """Note a blocking call of the callback at work."""
        if self.turn is not None and threading.get_ident() == self.thread:
            stack = traceback.extract_stack(sys._getframe(2))
            if self._is_the_bots(stack, self.turn.callback):
                self.blocking.append(f"{what} in {self.turn.callback}\n{_shown(stack)}")

    def _is_the_bots(self, stack: traceback.StackSummary | None, callback: str) -> bool:
        """By the innermost call that is the bot's or known not to be; libraries work for whoever called them."""
        for frame in reversed(stack or ()):
            path = Path(frame.filename)
            ours = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else ""
            if ours.startswith(tuple(f"{each}/" for each in self.innocent)):
                return False
            if ours.startswith("bot/"):
                return True
        return not callback.startswith((*_AROUND_THE_BOT, *(each.replace("/", ".") for each in self.innocent)))

    def look(self, over: threading.Event) -> None:
        """Until `over`, in a thread of its own: see what the callback at work does with its time."""
        processor = time.pthread_getcpuclockid(self.thread)
        known: Turn | None = None
        seen_at, seen_cpu_s = time.monotonic(), 0.0
        while not over.wait(TICK_S):
            turn, now, cpu_s = self.turn, time.monotonic(), time.clock_gettime(processor)
            if turn is not None and turn is known:
                on_time = now - seen_at < _ON_TIME_S
                if on_time and cpu_s - seen_cpu_s < TICK_S / 5:
                    turn.idle_s += now - seen_at
                if turn.stack is None and max(turn.idle_s, cpu_s - turn.began_cpu_s) > self.limit_s / 2:
                    self._note(turn, sys._current_frames()[self.thread])
            known, seen_at, seen_cpu_s = turn, now, cpu_s

    def _note(self, turn: Turn, frame: FrameType) -> None:
        stack = traceback.extract_stack(frame)
        if self.turn is turn:  # else it has ended meanwhile, and this is where another one stands
            turn.stack = stack


_watches: list[LoopWatch] = []


def _hear(event: str, _arguments: Any) -> None:
    if event in _BLOCKING:
        for watch in _watches:
            watch.blame(event)


sys.addaudithook(_hear)  # Python cannot take one away again, so there is one for all


@contextmanager
def watching(*, limit_s: float = LIMIT_S, innocent: tuple[str, ...] = NOT_THE_BOT) -> Iterator[LoopWatch]:
    """Of the loop that runs in this thread. `innocent`: folders whose code may hold it up."""
    watch, handles, clock, over = LoopWatch(limit_s, innocent), vars(asyncio)["Handle"], vars(time), threading.Event()
    plain, sleep = handles._run, clock["sleep"]

    def run(handle: asyncio.Handle) -> None:
        if threading.get_ident() != watch.thread:
            plain(handle)
            return
        watch.begin(_name(handle))
        try:
            plain(handle)
        finally:
            watch.end()

    def doze(seconds: float) -> None:
        watch.blame("time.sleep")
        sleep(seconds)

    looking = threading.Thread(target=watch.look, args=(over,), daemon=True)
    handles._run, clock["sleep"] = run, doze
    _watches.append(watch)
    looking.start()
    try:
        yield watch
    finally:
        over.set()
        looking.join()
        _watches.remove(watch)
        handles._run, clock["sleep"] = plain, sleep


def _shown(stack: traceback.StackSummary) -> str:
    """What the callback did, without what led to the loop."""
    began = max((number for number, frame in enumerate(stack) if frame.filename == _RUNNER), default=-1)
    return "".join(traceback.StackSummary.from_list(stack[began + 1 :]).format())


def _name(handle: Any) -> str:
    """Of whatever kind the callback is: an error here would take the callback, and with it the loop, away."""
    callback = handle._callback
    task = getattr(callback, "__self__", None)
    if isinstance(task, asyncio.Task):
        callback = task.get_coro()  # perhaps an asynchronous generator's end, which has neither name nor frame
        frame = getattr(callback, "cr_frame", None)
        module = frame.f_globals["__name__"] if frame is not None else "?"
    else:
        module = getattr(callback, "__module__", "?")
    return f"{module}.{getattr(callback, '__qualname__', callback)}"
