"""The whole system on one machine: the local Discord, the local Vast, and Easel itself as `make run` starts it.

Easel is unaware: only addresses differ. The demo and the end-to-end tests drive the same class.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self, TypeVar

import psutil
import requests

ROOT = Path(__file__).parents[1]
DISCORD_TOKEN = "sandbox-token"  # noqa: S105 - opens nothing but the local Discord
VAST_KEY = "sandbox-key"
CREDENTIALS = "easel:sandbox"
PREVIEW_NAME = "easel-preview.png"  # as Easel calls what it shows while it draws

_Found = TypeVar("_Found")


class StudioError(Exception):
    """Something did not happen in time; the message says what, and where the logs are."""


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Studio:
    """Starts and stops everything; `directory` gets the data, the logs and nothing else."""

    def __init__(
        self,
        directory: Path,
        *,
        config_dir: Path = ROOT / "sandbox" / "config",
        environment: Mapping[str, str] | None = None,
        ports: Mapping[str, int] | None = None,
        discord_options: Sequence[str] = (),
    ) -> None:
        self.directory = directory
        self._config_dir = config_dir
        self._discord_options = tuple(discord_options)
        self._extra = dict(environment or {})
        chosen = dict(ports or {})
        self.ports = {name: chosen.get(name) or free_port() for name in ("discord", "vast", "redis", "flower")}
        self.discord_url = f"http://127.0.0.1:{self.ports['discord']}"
        self.vast_url = f"http://127.0.0.1:{self.ports['vast']}"
        self.flower_url = f"http://127.0.0.1:{self.ports['flower']}"
        self.redis_url = f"redis://127.0.0.1:{self.ports['redis']}/0"
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # Life.

    def start(self) -> None:
        """Start the world, then Easel, and publish its commands, and return once the bot is connected."""
        self.directory.mkdir(parents=True, exist_ok=True)
        try:
            self.start_world()
            self.run_command("bot", "sync")
            self.start_easel()
        except BaseException:
            self.stop()
            raise

    def start_world(self) -> None:
        """The local Discord and the local Vast."""
        discord = self.directory / "discord"
        where = (f"--port={self.ports['discord']}", f"--data-dir={discord}")
        self._spawn("discord", "sandbox.discord", *where, *self._discord_options)
        vast = ("--data-dir", str(self.directory / "vast"), "--api-key", VAST_KEY, "--workdir", str(ROOT))
        self._spawn("vast", "sandbox.vast", f"--port={self.ports['vast']}", *vast)
        self.wait_for("the world to answer", self._world_answers, timeout_s=30)

    def start_easel(self) -> None:
        """Exactly what `make run` runs."""
        self._spawn("easel", "config", "run")
        self.wait_for("the bot to connect", self._bot_is_connected, timeout_s=60)

    def stop(self) -> None:
        """End everything that was started here, Easel first."""
        for name in ("easel", "vast", "discord"):
            process = self._processes.pop(name, None)
            if process is not None:
                _end(process)

    def process(self, command_line: str) -> psutil.Process:
        """The one process of Easel whose command line contains these words, such as "-m bot"."""
        tree = psutil.Process(self._processes["easel"].pid).children(recursive=True)
        for process in tree:
            if command_line in " ".join(process.cmdline()):
                return process
        message = f"no process of Easel runs {command_line!r}"
        raise StudioError(message)

    def run_command(self, module: str, *arguments: str) -> str:
        """One of Easel's own command lines, such as `provisioner status`; returns what it printed."""
        finished = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        if finished.returncode:
            message = f"{module} {' '.join(arguments)} ended with {finished.returncode}:\n{finished.stderr}"
            raise StudioError(message)
        return finished.stdout

    @property
    def environment(self) -> dict[str, str]:
        """What `.env` would hold, with the sandbox's addresses."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        return {
            **kept,
            "EASEL_ENV_FILE": "",
            "EASEL_DATA_DIR": str(self.directory / "data"),
            "EASEL_CONFIG_DIR": str(self._config_dir),
            "EASEL_LOG_FORMAT": "json",
            "EASEL_REDIS_PORT": str(self.ports["redis"]),
            "EASEL_FLOWER_PORT": str(self.ports["flower"]),
            "FLOWER_BASIC_AUTH": CREDENTIALS,
            "DISCORD_TOKEN": DISCORD_TOKEN,
            "DISCORD_API_URL": f"{self.discord_url}/api/v10",
            "VAST_API_KEY": VAST_KEY,
            "VAST_URL": self.vast_url,
            **self._extra,
        }

    # What people do and see.

    def act(self, **action: Any) -> dict[str, Any]:
        """One action of a person through the local Discord's control API; see its README."""
        outcome: dict[str, Any] = self.discord("POST", "interactions", action)
        return outcome

    def imagine(self, **options: Any) -> dict[str, Any]:
        """Type `/imagine` in #general as member-1; returns once Easel has answered."""
        return self.act(command="imagine", options=options, wait=True)

    def messages(self, channel: str = "general") -> list[dict[str, Any]]:
        """What the channel shows, oldest first."""
        found = self.discord("GET", f"channels/{channel}/messages")
        messages: list[dict[str, Any]] = found["messages"] if isinstance(found, dict) else found
        return messages

    def pictures(self, channel: str = "general") -> list[dict[str, Any]]:
        """The messages of the channel that carry finished pictures; a preview is none."""
        return [
            message
            for message in self.messages(channel)
            if any(file["filename"] != PREVIEW_NAME for file in message["attachments"])
        ]

    def rented(self) -> list[dict[str, Any]]:
        """The machines that still cost money."""
        return [instance for instance in self.instances() if instance["billing_ended_at"] is None]

    def instances(self) -> list[dict[str, Any]]:
        """Every machine that was ever rented at the local Vast."""
        found = self.vast("GET", "instances")
        instances: list[dict[str, Any]] = found["instances"] if isinstance(found, dict) else found
        return instances

    def fleet(self) -> dict[str, Any]:
        """What Easel itself says of its machines: `provisioner status --json`."""
        status: dict[str, Any] = json.loads(self.run_command("provisioner", "status", "--json"))
        return status

    def download(self, attachment: Mapping[str, Any]) -> bytes:
        """The bytes of a picture, as a member's client would load it."""
        answer = requests.get(attachment["url"], timeout=10)
        answer.raise_for_status()
        return answer.content

    def discord(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """The local Discord's control API."""
        return _call(method, f"{self.discord_url}/sandbox/{path}", body)

    def vast(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """The local Vast's control API."""
        return _call(method, f"{self.vast_url}/sandbox/{path}", body)

    def wait_for(self, what: str, look: Callable[[], _Found | None], *, timeout_s: float) -> _Found:
        """Look again and again until something true comes back.

        Raises:
            StudioError: after `timeout_s`, or as soon as one of our processes has died.
        """
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            found = look()
            if found:
                return found
            self._all_alive()
            time.sleep(0.1)
        message = f"waited {timeout_s:.0f} s for {what}; the logs are in {self.directory}"
        raise StudioError(message)

    def _spawn(self, name: str, module: str, *arguments: str) -> None:
        with (self.directory / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _all_alive(self) -> None:
        for name, process in self._processes.items():
            if process.poll() is not None:
                message = f"{name} ended with {process.returncode}; see {self.directory / name}.log"
                raise StudioError(message)

    def _bot_is_connected(self) -> bool:
        return bool(self.discord("GET", "health")["gateway_connections"])

    def _world_answers(self) -> bool:
        try:
            return all(requests.get(f"{url}/sandbox/health", timeout=1).ok for url in (self.discord_url, self.vast_url))
        except requests.RequestException:
            return False


def _call(method: str, url: str, body: Mapping[str, Any] | None) -> Any:
    answer = requests.request(method, url, json=body, timeout=30)
    if not answer.ok:
        message = f"{method} {url} answered {answer.status_code}: {answer.text}"
        raise StudioError(message)
    return answer.json() if answer.content else None


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    family = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
    for survivor in psutil.wait_procs(family, timeout=5)[1]:
        survivor.kill()
