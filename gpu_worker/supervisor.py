"""Keeps the worker process alive: starts it again after a crash, passes SIGTERM on, ends with it."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from types import FrameType

import structlog

from gpu_worker import exit_codes

log = structlog.get_logger()

LIFELINE = "EASEL_LIFELINE_FD"
RELEASE, REFUSED = "EASEL_RELEASE", "EASEL_REFUSED_RELEASE"
_HEALTHY_S = 60.0
_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 30.0


def pause_s(crashes: int) -> float:
    """Seconds to wait after so many crashes in a row: 1, 2, 4, … 30."""
    return float(min(_FIRST_PAUSE_S * 2 ** (crashes - 1), _LONGEST_PAUSE_S))


class Supervisor:
    """Runs one command again and again until it ends on purpose or somebody asks to stop.

    The child holds the reading end of a pipe (its number is in the variable EASEL_LIFELINE_FD): when this process
    dies, even by SIGKILL, the child reads the end of it and ends too.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        sleep: Callable[[float], None] = time.sleep,
        take_release: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        """`take_release` fetches pushed code and returns the variables to run it with; none where there is none."""
        self._command = list(command)
        self._sleep = sleep
        self._take_release = take_release
        self._release: dict[str, str] = {}
        self._child: subprocess.Popen[bytes] | None = None
        self._asked = 0

    def run(self) -> int:
        """Returns the exit code for this process: 0 after a drain or a self-destruction."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        crashes = 0
        while True:
            started = time.monotonic()
            code = self._run_once()
            lived_s = time.monotonic() - started
            if not self._asked and self._is_for_another_release(code, lived_s=lived_s):
                crashes = 0
                continue
            if self._asked or code in exit_codes.NOT_RESTARTED:
                return max(code, 0) if self._asked < 2 else 128 + signal.SIGTERM  # noqa: PLR2004 - asked twice
            crashes = crashes + 1 if lived_s < _HEALTHY_S else 1
            log.warning("worker process ended, starting it again", exit_code=code, in_s=pause_s(crashes))
            self._sleep(pause_s(crashes))
            if self._asked:
                return 0

    def _is_for_another_release(self, code: int, *, lived_s: float) -> bool:
        """Whether it ended to be started from other code: pushed, or the image's own where the pushed one fails."""
        if code == exit_codes.NEW_RELEASE:
            self._release = dict(self._take_release())
            return True
        fails = code == exit_codes.MISCONFIGURED or (code != exit_codes.DONE and lived_s < _HEALTHY_S)
        name = self._release.get(RELEASE)
        if name is None or not fails:
            return False
        log.error("pushed code does not run, going back to the image's own", release=name, exit_code=code)
        self._release = {REFUSED: name}
        return True

    def _run_once(self) -> int:
        reading, writing = os.pipe()
        try:
            environment = {**os.environ, LIFELINE: str(reading), **self._release}
            self._child = subprocess.Popen(self._command, env=environment, pass_fds=(reading,))
            if self._asked:
                self._child.terminate()
            return self._child.wait()
        finally:
            os.close(reading)
            os.close(writing)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._asked += 1
        if self._child is None:
            return
        if self._asked == 1:
            self._child.terminate()
        else:
            self._child.kill()
