"""The local Vast in a thread of its own, for synchronous tests; time is the test's."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import requests

from sandbox.vast.clock import SandboxClock
from sandbox.vast.options import VastOptions
from sandbox.vast.server import VastServer

KEY = "sandbox-key"
_Result = TypeVar("_Result")


class VastSandbox:
    """Start it, hand `url` to the provider, ask `instances()` what Vast itself knows, `stop()` ends every process."""

    def __init__(self, directory: Path, now: Callable[[], datetime], **options: Any) -> None:
        chosen = {"port": 0, "boot_s": 5.0, "rate_scale": 0.0, "tick_s": 0.02, "host_lag_s": 0.0, "grace_s": 1.0}
        self._server = VastServer(VastOptions(data_dir=directory, **(chosen | options)), clock=SandboxClock(now))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.url = ""

    def start(self) -> None:
        self._thread.start()
        self.url = self._run(self._server.start())

    def stop(self) -> None:
        self._run(self._server.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def fault(self, kind: str, **parameters: Any) -> None:
        self._control("POST", "faults", {"kind": kind, **parameters})

    def active_faults(self) -> list[dict[str, Any]]:
        """Those that still wait for whom they shall meet."""
        active: list[dict[str, Any]] = self._control("GET", "faults")["active"]
        return active

    def clear_faults(self) -> None:
        self._control("DELETE", "faults")

    def vanish(self, instance_id: int) -> None:
        self._control("POST", f"instances/{instance_id}/vanish", {})

    def outbid(self, instance_id: int) -> None:
        self._control("POST", f"instances/{instance_id}/outbid", {})

    def kill(self, instance_id: int) -> None:
        self._control("POST", f"instances/{instance_id}/kill", {})

    def instances(self) -> list[dict[str, Any]]:
        """Every instance that ever was, with its phases and its bill."""
        found: list[dict[str, Any]] = self._control("GET", "instances")["instances"]
        return found

    def billing(self) -> list[dict[str, Any]]:
        """Those whose bill still runs."""
        return [one for one in self.instances() if one["billing_ended_at"] is None]

    def requests(self, route: str) -> list[dict[str, Any]]:
        """What was asked of one route so far."""
        return [one for one in self._control("GET", "requests")["requests"] if one["route"] == route]

    def _control(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        response = requests.request(method, f"{self.url}/sandbox/{path}", json=body, timeout=10)
        response.raise_for_status()
        answer: dict[str, Any] = response.json()
        return answer

    def _run(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)
