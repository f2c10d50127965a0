"""A stage per test: a local Vast, an empty ledger, an empty Redis without workers' users."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from structlog.testing import capture_logs

from provisioner.credentials import WorkerUsers
from tasks.ledger import Ledger
from tests.conftest import ManualClock
from tests.integration.provisioner.stage import Stage, configuration
from tests.vast_sandbox import KEY, VastSandbox


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty ledger on SQLite; migrating one per test would take longer than most tests."""
    file = tmp_path_factory.mktemp("ledger") / "easel.db"
    Ledger.open(f"sqlite:///{file}").close()
    return file


@pytest.fixture
def ledger(migrated: Path, tmp_path: Path) -> Iterator[Ledger]:
    """Overrides the shared fixture with a copy."""
    copy = Ledger.open(f"sqlite:///{shutil.copy(migrated, tmp_path / 'easel.db')}")
    yield copy
    copy.close()


@pytest.fixture
def vast(tmp_path: Path, clock: ManualClock) -> Iterator[VastSandbox]:
    sandbox = VastSandbox(tmp_path / "vast", clock)
    sandbox.start()
    yield sandbox
    sandbox.stop()


@pytest.fixture
def stage(  # noqa: PLR0917 - pytest passes them by name
    tmp_path: Path,
    ledger: Ledger,
    redis: Redis,
    redis_url: str,
    vast: VastSandbox,
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Stage]:
    config_dir = configuration(tmp_path / "config")
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
    with capture_logs() as logs:  # a traceback in colours takes a tenth of a second
        yield Stage(config_dir, ledger, redis, redis_url, vast, clock, logs)
    WorkerUsers(redis).keep_in_step({})
