"""A rented machine's lease on life: idle, and not wanted by any provisioner for too long, it destroys itself.

Redis may be out of reach, the provisioner dead, or its attempt to destroy the machine may fail: nobody may be left who
would do it, and a machine costs money whether or not anybody listens to it.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import requests
import structlog
from pydantic import SecretStr

log = structlog.get_logger()

_TIMEOUT_S = 20
_GONE = frozenset({200, 204, 404, 410})
_PAUSES_S = (2.0, 5.0, 10.0, 30.0)


class Rented(Protocol):
    """A machine that costs somebody money by the hour."""

    def destroy(self) -> None:
        """End it and its bill, whatever that takes; may not return."""
        ...


@dataclass(frozen=True)
class RentedMachine:
    """This machine at Vast, as Vast's own variables name it. The key may stop or destroy this instance only.

    Source: docs.vast.ai, `DELETE /api/v0/instances/{id}/`; CONTAINER_ID and CONTAINER_API_KEY are set by Vast.
    """

    url: str
    container_id: str
    api_key: SecretStr

    def destroy(self, *, sleep: Callable[[float], None] = time.sleep) -> None:
        """Ask until Vast says that it is gone; on success the machine usually ends before this returns."""
        attempt = 0
        while not self._ask():
            sleep(_PAUSES_S[min(attempt, len(_PAUSES_S) - 1)])
            attempt += 1

    def _ask(self) -> bool:
        headers = {"Authorization": f"Bearer {self.api_key.get_secret_value()}"}
        address = f"{self.url}/api/v0/instances/{self.container_id}/"
        try:
            answer = requests.delete(address, headers=headers, json={}, timeout=_TIMEOUT_S)
        except requests.RequestException as error:
            log.error("self-destruction failed: this machine still costs money", error=type(error).__name__)  # noqa: TRY400
            return False
        if answer.status_code not in _GONE:
            log.error("self-destruction refused: this machine still costs money", status=answer.status_code)
        return answer.status_code in _GONE


@dataclass(frozen=True)
class RentedPod:
    """This pod at RunPod, as RunPod's own variables name it, with the key that is for this pod only.

    Source: docs.runpod.io, runpodctl ("every Pod comes with runpodctl and a Pod-scoped API key"); `podTerminate` is
    what `runpodctl remove pod` asks for. Not seen live.
    """

    url: str
    pod_id: str
    api_key: SecretStr

    def destroy(self, *, sleep: Callable[[float], None] = time.sleep) -> None:
        """Ask until RunPod says that it is gone; on success the pod usually ends before this returns."""
        attempt = 0
        while not self._ask():
            sleep(_PAUSES_S[min(attempt, len(_PAUSES_S) - 1)])
            attempt += 1

    def _ask(self) -> bool:
        query = "mutation($id: String!) { podTerminate(input: {podId: $id}) }"
        headers = {"Authorization": f"Bearer {self.api_key.get_secret_value()}"}
        body: dict[str, Any] = {"query": query, "variables": {"id": self.pod_id}}
        try:
            answer = requests.post(f"{self.url}/graphql", headers=headers, json=body, timeout=_TIMEOUT_S)
            is_done = answer.ok and not answer.json().get("errors")
        except (requests.RequestException, ValueError, AttributeError) as error:
            log.error("self-destruction failed: this pod still costs money", error=type(error).__name__)  # noqa: TRY400
            return False
        if not is_done:
            log.error("self-destruction refused: this pod still costs money", status=answer.status_code)
        return is_done


class HostThatFollows:
    """A machine whose own start script shuts it down once the container has ended, as ours at EC2 does."""

    def destroy(self) -> None:
        """Nothing to ask for: the process ends next."""
        log.warning("the container ends, and its host shuts down after it")


class LifeLease:
    """Runs out when nobody calls `touch` for `length_s`; then `on_end` is called, once."""

    def __init__(
        self, length_s: float, on_end: Callable[[], None], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._length_s = length_s
        self._on_end = on_end
        self._clock = clock
        self._touched = clock()

    def touch(self) -> None:
        """There was contact."""
        self._touched = self._clock()

    def look(self) -> bool:
        """True, after `on_end`, where the lease has run out."""
        silent_s = self._clock() - self._touched
        if silent_s <= self._length_s:
            return False
        log.error("nobody wants this machine any more: the lease on life is over", silent_s=round(silent_s))
        self._on_end()
        return True

    def start(self) -> None:
        """Look every second from now on."""
        threading.Thread(target=self._run, name="life-lease", daemon=True).start()

    def _run(self) -> None:
        while not self.look():
            time.sleep(1)
