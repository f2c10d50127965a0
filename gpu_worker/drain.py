"""Ending in good order: take nothing more, finish what runs within a bound, then stop Celery."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from gpu_worker.traffic import Traffic

log = structlog.get_logger()

BOUND_S = 60.0
FAULT_BOUND_S = 5.0
_POLL_S = 0.05
_LAST_MESSAGE_S = 1.2  # a BRPOP that is under way brings its message within a second
_INTERRUPTED_S = 8.0
_CELERY_S = 8.0
_LAST_JOBS_S = 600.0


@dataclass
class Drain:
    """What happens on SIGTERM and after a device fault.

    `announce` tells the fleet, `interrupt` stops the running jobs, `stop` ends Celery's loop with an exit code, and
    `kill` ends the process where that does not help.
    """

    traffic: Traffic
    announce: Callable[[], None]
    interrupt: Callable[[], None]
    stop: Callable[[int], None]
    kill: Callable[[int], None]
    _begun: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, exit_code: int, *, bound_s: float = BOUND_S) -> None:
        """Start draining in a thread of its own; a second call changes nothing."""
        if self._begun.acquire(blocking=False):
            threading.Thread(target=self._run, args=(exit_code, bound_s), name="drain", daemon=True).start()

    def _run(self, exit_code: int, bound_s: float) -> None:
        log.info("draining", jobs=len(self.traffic.jobs), bound_s=bound_s)
        self.traffic.close()
        self.announce()
        time.sleep(_LAST_MESSAGE_S)
        if not self._empty_within(bound_s):
            log.warning("jobs interrupted: the bound for draining is over", jobs=len(self.traffic.jobs))
            self.interrupt()
            self._empty_within(_INTERRUPTED_S)
        self.stop(exit_code)
        time.sleep(_CELERY_S)
        log.warning("celery did not stop, ending the process")
        self.kill(exit_code)

    def _empty_within(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self.traffic.jobs:
            if time.monotonic() >= deadline:
                return False
            time.sleep(_POLL_S)
        return True


def finish(traffic: Traffic, *, bound_s: float = _LAST_JOBS_S, sleep: Callable[[float], None] = time.sleep) -> bool:
    """Take nothing more and wait for what runs, for so long at most; returns whether all of it was finished."""
    traffic.close()
    waited_s = 0.0
    while traffic.jobs and waited_s < bound_s:
        sleep(1.0)
        waited_s += 1.0
    return not traffic.jobs
