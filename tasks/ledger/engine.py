"""Opens the ledger: SQLite in WAL mode or PostgreSQL, migrated to the newest schema with Alembic."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.orm import Session, sessionmaker

_MIGRATIONS = Path(__file__).parent / "migrations"
_BUSY_TIMEOUT_MS = 10_000
_ONLY_READS = "easel_only_reads"


def open_engine(url: str) -> Engine:
    """A connection pool on the ledger at `url`; nothing is connected yet."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, pool_pre_ping=True)
    if parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(parsed)
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin)
    return engine


class Sessions:
    """`with sessions() as session` only reads, and waits for nobody; `with sessions.begin() as session` writes."""

    def __init__(self, engine: Engine) -> None:
        self._reading = sessionmaker(engine.execution_options(**{_ONLY_READS: True}), expire_on_commit=False)
        self._writing = sessionmaker(engine, expire_on_commit=False)

    def __call__(self) -> Session:
        return self._reading()

    def begin(self) -> AbstractContextManager[Session]:
        """One transaction, committed at the end of the block; SQLite has one writer at a time."""
        return self._writing.begin()


def migrate(engine: Engine) -> None:
    """Bring the schema to the newest version. Safe to call from several processes at once."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(3245061)")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def forget_old_pages(engine: Engine) -> None:
    """Have SQLite's log let go of what was erased; while somebody reads, that comes with a later checkpoint."""
    if engine.dialect.name != "sqlite":
        return
    connection = engine.raw_connection()
    try:
        connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()


def _configure_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver must not open transactions behind SQLAlchemy's back
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA secure_delete=ON")  # what a person had erased is overwritten, not only unlinked
    cursor.execute(f"PRAGMA busy_timeout={_BUSY_TIMEOUT_MS}")
    cursor.close()


def _begin(connection: Any) -> None:
    # A transaction that reads first and writes later would fail with SQLITE_BUSY instead of waiting; one that only
    # reads must not wait for those that write, nor they for it.
    only_reads = connection.get_execution_options().get(_ONLY_READS, False)
    connection.exec_driver_sql("BEGIN" if only_reads else "BEGIN IMMEDIATE")
