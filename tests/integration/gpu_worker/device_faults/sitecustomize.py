"""Spoils a worker's device from outside: Python runs this at the start of processes with this folder on their path.

The Euler sampler looks into the folder DEVICE_FAULTS at each step:

- `step_s`: so many seconds pass, asleep, as on a device of that speed, and a line in `steps` says whose step was done
  when. So time can be told in steps, whoever else wants the processor.
- `hang`: so many steps are left; the one after them removes the file and never comes back, as a hung kernel would. From
  then on this process' monotonic clock runs fast, so that nobody waits for a minute.
"""

import importlib.abc
import importlib.machinery
import os
import sys
import threading
import time
import types
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

CLOCK_RUNS = 20  # times as fast
MODULE = "diffusers.schedulers.scheduling_euler_discrete"

_faults = Path(os.environ["DEVICE_FAULTS"])
_real_clock = time.monotonic
_hung_at: float | None = None


def clock() -> float:
    """The real one until a step hangs."""
    now = _real_clock()
    return now if _hung_at is None else _hung_at + CLOCK_RUNS * (now - _hung_at)


def suffer() -> None:
    """What a step goes through."""
    with suppress(FileNotFoundError):
        time.sleep(float((_faults / "step_s").read_text()))
        with (_faults / "steps").open("a") as done:
            done.write(f"{os.environ['EASEL_WORKER_ID']} {time.time()}\n")
    with suppress(FileNotFoundError):
        left = int((_faults / "hang").read_text())
        if left > 0:
            (_faults / "hang").write_text(str(left - 1))
        else:
            hang()


def hang() -> None:
    """For ever, but not again in the next process."""
    global _hung_at  # noqa: PLW0603 - the clock is one for the whole process, too
    (_faults / "hang").unlink()
    _hung_at = _real_clock()
    threading.Event().wait()


def spoil(module: types.ModuleType) -> None:
    """Let the sampler of diffusers suffer first."""
    step = module.EulerDiscreteScheduler.step

    def spoilt(*args: Any, **options: Any) -> Any:
        suffer()
        return step(*args, **options)

    module.EulerDiscreteScheduler.step = spoilt


class Spoiler(importlib.abc.MetaPathFinder):
    """Finds diffusers' module as usual, and spoils it once it has run."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, _target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        found = importlib.machinery.PathFinder.find_spec(name, path) if name == MODULE else None
        if found is None or found.loader is None:
            return None
        run = found.loader.exec_module

        def run_and_spoil(module: types.ModuleType) -> None:
            run(module)
            spoil(module)

        found.loader.exec_module = run_and_spoil  # type: ignore[method-assign]
        return found


time.monotonic = clock
sys.meta_path.insert(0, Spoiler())
