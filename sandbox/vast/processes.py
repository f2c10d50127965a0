"""Starting and ending the local processes that stand for containers. One session (process group) each."""

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
import structlog

from sandbox.vast.container import Launch

log = structlog.get_logger()

GRACE_S = 10.0
CANNOT_EXECUTE = 126
ExitCallback = Callable[[int, int, bool], None]


@dataclass
class _Container:
    process: asyncio.subprocess.Process
    watcher: asyncio.Task[None]
    asked_to_end: bool = False


class ProcessTable:
    """At most one live process per instance.

    `on_exit(instance_id, exit_code, asked)` is called when one ends; `asked`: we had ended it ourselves.
    """

    def __init__(self, folder: Path, on_exit: ExitCallback, *, grace_s: float = GRACE_S) -> None:
        self._folder = folder
        self._on_exit = on_exit
        self._grace_s = grace_s
        self._live: dict[int, _Container] = {}

    def pid(self, instance_id: int) -> int | None:
        container = self._live.get(instance_id)
        return container.process.pid if container else None

    async def start(self, instance_id: int, launch: Launch) -> int | None:
        """Start the process and return its pid; where the system refuses it, None and an exit code of 126."""
        for folder in (launch.home / "tmp", launch.home / "workspace"):
            folder.mkdir(parents=True, exist_ok=True)
        try:
            process = await self._spawn(launch)
        except OSError as problem:
            launch.log_path.write_text(f"{launch.argv[0]}: {problem}\n")
            self._on_exit(instance_id, CANNOT_EXECUTE, False)
            return None
        watcher = asyncio.create_task(self._watch(instance_id, process))
        self._live[instance_id] = _Container(process, watcher)
        self._remember()
        log.info("process started", instance_id=instance_id, pid=process.pid, command=launch.argv[0])
        return process.pid

    async def end(self, instance_id: int, *, after_s: float = 0.0) -> None:
        """SIGTERM to the group, SIGKILL after the grace time; returns when the process is gone."""
        container = self._live.get(instance_id)
        if container is None:
            return
        container.asked_to_end = True
        await asyncio.sleep(after_s)
        _signal_group(container.process.pid, signal.SIGTERM)
        done, _ = await asyncio.wait({container.watcher}, timeout=self._grace_s)
        if not done:
            _signal_group(container.process.pid, signal.SIGKILL)
            await asyncio.wait({container.watcher})

    def kill(self, instance_id: int, *, asked: bool = False) -> bool:
        """SIGKILL to the whole group at once; False if nothing was running."""
        container = self._live.get(instance_id)
        if container is None:
            return False
        container.asked_to_end = container.asked_to_end or asked
        _signal_group(container.process.pid, signal.SIGKILL)
        return True

    async def end_all(self) -> None:
        await asyncio.gather(*(self.end(instance_id) for instance_id in list(self._live)))

    async def _spawn(self, launch: Launch) -> asyncio.subprocess.Process:
        with launch.log_path.open("ab") as sink:
            return await asyncio.create_subprocess_exec(
                *launch.argv,
                cwd=launch.cwd,
                env=launch.env,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=sink,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
            )

    async def _watch(self, instance_id: int, process: asyncio.subprocess.Process) -> None:
        code = await process.wait()
        _signal_group(process.pid, signal.SIGKILL)  # a container takes its other processes with it
        container = self._live.pop(instance_id)
        self._remember()
        log.info("process ended", instance_id=instance_id, exit_code=code, asked=container.asked_to_end)
        self._on_exit(instance_id, code if code >= 0 else 128 - code, container.asked_to_end)

    def _remember(self) -> None:
        """Write down who is alive, so that the next server can end what a killed one left behind."""
        alive = {}
        for container in self._live.values():
            with contextlib.suppress(psutil.Error):
                alive[container.process.pid] = psutil.Process(container.process.pid).create_time()
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / "processes.json").write_text(json.dumps(alive))


def end_leftovers(folder: Path) -> list[int]:
    """Kill the groups that an earlier server in this folder did not get to end; returns their pids."""
    path = folder / "processes.json"
    if not path.exists():
        return []
    left = [int(pid) for pid, born in json.loads(path.read_text()).items() if _is_same(int(pid), born)]
    for pid in left:
        _signal_group(pid, signal.SIGKILL)
    path.unlink()
    return left


def _is_same(pid: int, born: float) -> bool:
    with contextlib.suppress(psutil.Error):
        return psutil.Process(pid).create_time() == born
    return False


def _signal_group(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)
