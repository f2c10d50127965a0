"""The ledger on both of its databases."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pgserver
import pytest

from tasks.ledger import Ledger


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pgserver.PostgresServer]:
    server = pgserver.get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="stop")
    yield server
    server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'easel.db'}"
    server: pgserver.PostgresServer = request.getfixturevalue("postgres")
    name = f"easel_{uuid4().hex[:12]}"
    server.psql(f"CREATE DATABASE {name}")
    return str(server.get_uri(name)).replace("postgresql://", "postgresql+psycopg://")


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    """Overrides the shared fixture: every ledger test runs on SQLite and on PostgreSQL."""
    opened = Ledger.open(ledger_url)
    yield opened
    opened.close()
