"""A local Vast in real time, a ledger, a Redis, and a configuration; commands run in this process."""

import json
import logging
import re
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from typer.testing import CliRunner, Result

from config.loading import load_registry
from config.settings import ProvisionerSettings, load_settings
from provisioner.__main__ import app
from provisioner.composition import build_loop
from provisioner.credentials import WorkerUsers
from provisioner.loop import Loop
from provisioner.providers.vast import VastProvider
from tasks.ledger import Instance, Ledger
from tests.vast_sandbox import KEY, VastSandbox

ROOT = Path(__file__).parents[3]


@dataclass
class Office:
    """Where commands are given, and what they did."""

    config_dir: Path
    ledger: Ledger
    redis: Redis
    vast: VastSandbox

    def call(self, *arguments: str) -> Result:
        """As in a process of its own: the log that it configures goes with it."""
        root = logging.getLogger()
        handlers = root.handlers[:]
        try:
            return CliRunner().invoke(app, list(arguments), env={"COLUMNS": "200"})
        finally:
            root.handlers[:] = handlers

    def json(self, *arguments: str) -> Any:
        answer = self.call(*arguments, "--json")
        assert answer.exit_code == 0, answer.output
        return json.loads(answer.stdout)

    def loop(self) -> Loop:
        return build_loop(
            load_settings(ProvisionerSettings),
            load_registry(self.config_dir),
            ledger=self.ledger,
            redis=self.redis,
            provider=VastProvider(api_key=KEY, url=self.vast.url),
            holder="test",
        )

    def rented(self) -> Instance:
        """A machine that the loop rented because of `up`."""
        assert self.call("up", "--yes").exit_code == 0
        loop = self.loop()
        loop.tick()
        (row,) = self.ledger.instances.live()
        return row

    def change(self, name: str, **values: Any) -> None:
        """Set keys of the first table of a file; JSON's literals are TOML's, too."""
        file = self.config_dir / name
        text = file.read_text()
        for key, value in values.items():
            text = f"{key} = {json.dumps(value)}\n" + re.sub(rf"^{key} = .*\n", "", text, flags=re.MULTILINE)
        file.write_text(text)


@pytest.fixture
def office(
    tmp_path: Path, ledger: Ledger, redis: Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Office]:
    config_dir = tmp_path / "config"
    shutil.copytree(ROOT / "sandbox" / "config", config_dir)
    vast = VastSandbox(tmp_path / "vast", lambda: datetime.now(UTC), boot_s=0.2)
    vast.start()
    environment = {
        "REDIS_URL": redis_url,
        "DATABASE_URL": f"sqlite:///{tmp_path / 'easel.db'}",
        "VAST_API_KEY": KEY,
        "VAST_URL": vast.url,
        "EASEL_CONFIG_DIR": str(config_dir),
        "EASEL_DATA_DIR": str(tmp_path / "data"),
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    made = Office(config_dir, ledger, redis, vast)
    made.change("profiles/sandbox.toml", command=["sh", "-c", "echo redis=$EASEL_WORKER_REDIS_URL; exec sleep 600"])
    yield made
    vast.stop()
    WorkerUsers(redis).keep_in_step({})


@pytest.fixture
def soon() -> Callable[[Callable[[], Any]], Any]:
    """For what processes do in their own time."""

    def wait(look: Callable[[], Any]) -> Any:
        deadline = time.monotonic() + 10
        while not (found := look()):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        return found

    return wait
