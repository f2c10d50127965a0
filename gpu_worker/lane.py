"""The lane: the one thread that owns the device. Work is done strictly one piece after the other."""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from gpu_worker.renderer import DeviceState, Renderer

_Result = TypeVar("_Result")
_Piece = tuple[Callable[[Renderer], Any], Future[Any]]
_NO_DEVICE = DeviceState(name="", is_cpu=True)


class Lane:
    """Other threads hand work in and wait. The renderer is made on the lane's thread, where torch is imported."""

    def __init__(self, make_renderer: Callable[[], Renderer]) -> None:
        self._make_renderer = make_renderer
        self._work: queue.SimpleQueue[_Piece] = queue.SimpleQueue()
        self._renderer: Renderer | None = None
        self._ready: Future[None] = Future()

    def start(self) -> None:
        """Start the thread and wait until the device is there; raises what making the renderer raised."""
        threading.Thread(target=self._run, name="lane", daemon=True).start()
        self._ready.result()

    def run(self, work: Callable[[Renderer], _Result]) -> _Result:
        """Do `work` on the lane after all that was handed in before; returns its result or raises its error."""
        done: Future[_Result] = Future()
        self._work.put((work, done))
        return done.result()

    def aside(self, work: Callable[[Renderer], _Result]) -> _Result:
        """Do `work` on the caller's thread, whatever the lane does; for what the renderer allows there."""
        self._ready.result()
        if self._renderer is None:
            message = "the lane is not started"
            raise RuntimeError(message)
        return work(self._renderer)

    def loaded(self) -> tuple[str, ...]:
        """Ids of the checkpoints in memory; empty before the start."""
        return self._renderer.loaded() if self._renderer else ()

    def controlnets(self) -> tuple[str, ...]:
        """Ids of the ControlNets in memory; empty before the start."""
        return self._renderer.controlnets() if self._renderer else ()

    def device(self) -> DeviceState:
        """The device, or an unnamed one before the start."""
        return self._renderer.device() if self._renderer else _NO_DEVICE

    def _run(self) -> None:
        try:
            renderer = self._renderer = self._make_renderer()
        except BaseException as error:  # noqa: BLE001 - `start` raises it where somebody sees it
            self._ready.set_exception(error)
            return
        self._ready.set_result(None)
        while True:
            work, done = self._work.get()
            try:
                done.set_result(work(renderer))
            except BaseException as error:  # noqa: BLE001 - it is the caller's
                done.set_exception(error)
            del work, done  # the last job's pixels must not wait for the next one
