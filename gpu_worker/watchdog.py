"""Ends the process when the device does not come back: a hung kernel cannot be interrupted from inside."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from statistics import median

import structlog

log = structlog.get_logger()

FIRST_BOUND_S = 900.0  # before anything is learned: reading weights from a slow disk, the first kernels
FIRST_STEP_S = 300.0  # LoRAs and ControlNets are read within a drawing, before its first step
FLOOR_S = 60.0
_MARGIN = 20
_REMEMBERED = 200


def bound_s(steps_s: Sequence[float]) -> float:
    """How long the lane may be silent, given how long recent steps took."""
    return max(FLOOR_S, _MARGIN * median(steps_s)) if steps_s else FIRST_BOUND_S


class Watchdog:
    """Told by the lane of each sign of life; `on_stall` is called from a thread of its own when they stop."""

    def __init__(self, on_stall: Callable[[float], None], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._on_stall = on_stall
        self._clock = clock
        self._steps_s: deque[float] = deque(maxlen=_REMEMBERED)
        self._last_sign: float | None = None
        self._bound_s = FIRST_BOUND_S
        self._preparing: dict[object, float] = {}

    @contextmanager
    def loading(self) -> Iterator[None]:
        """Weights are being loaded: no steps to learn from."""
        with self._watching(FIRST_BOUND_S):
            yield

    @contextmanager
    def drawing(self) -> Iterator[None]:
        """Steps are being made; before the first one there is time to read what the job brought."""
        with self._watching(max(FIRST_STEP_S, bound_s(self._steps_s))):
            yield

    @contextmanager
    def preparing(self) -> Iterator[None]:
        """Maps and prompts are being made beside the lane, which may be idle; several at once."""
        watch = object()
        self._preparing[watch] = self._clock()
        try:
            yield
        finally:
            del self._preparing[watch]

    def step(self) -> None:
        """A step is done."""
        moment = self._clock()
        if self._last_sign is not None:
            self._steps_s.append(moment - self._last_sign)
            self._bound_s = bound_s(self._steps_s)
        self._last_sign = moment

    def look(self) -> None:
        """Call `on_stall` with the seconds of silence if there are too many."""
        last, bound = self._last_sign, self._bound_s
        silent_s = self._clock() - last if last is not None else 0.0
        if silent_s > bound:
            self._on_stall(silent_s)
            return
        longest_s = max((self._clock() - since for since in list(self._preparing.values())), default=0.0)
        if longest_s > FIRST_BOUND_S:
            self._on_stall(longest_s)

    def start(self) -> None:
        """Look once a second from now on."""
        threading.Thread(target=self._run, name="watchdog", daemon=True).start()

    def _run(self) -> None:
        while True:
            time.sleep(1)
            self.look()

    @contextmanager
    def _watching(self, bound: float) -> Iterator[None]:
        self._bound_s, self._last_sign = bound, self._clock()
        try:
            yield
        finally:
            self._last_sign = None
