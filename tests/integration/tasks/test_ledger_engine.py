"""SQLite with several processes on one file: readers wait for nobody, and what is erased is gone from the disk."""

import threading
import time
from pathlib import Path

import pytest

from tasks.ledger import Ledger
from tests.conftest import ManualClock
from tests.specs import new_job, tiny_spec


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "easel.db"


def test_a_reader_does_not_wait_for_a_writer(path: Path, clock: ManualClock) -> None:
    """A command's answer must not hang behind the sweep's transaction, nor the sweep's look behind a command."""
    ledger, other = Ledger.open(f"sqlite:///{path}"), Ledger.open(f"sqlite:///{path}")
    ledger.jobs.receive(new_job(), now=clock())
    release, held = threading.Event(), threading.Event()

    def hold_the_pen() -> None:
        with other.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE jobs SET locale = 'de'")
            held.set()
            release.wait(10)

    writer = threading.Thread(target=hold_the_pen)
    writer.start()
    assert held.wait(5)
    began = time.monotonic()
    assert len(ledger.jobs.outstanding()) == 1
    assert ledger.people.settings(11) == {}
    assert time.monotonic() - began < 1
    release.set()
    writer.join()
    for each in (ledger, other):
        each.close()


def test_erased_prompts_are_gone_from_the_disk(path: Path, clock: ManualClock) -> None:
    """A deleted row is otherwise readable in the file and in the log beside it, until somebody needs the space."""
    secret = "a-very-private-prompt"
    ledger = Ledger.open(f"sqlite:///{path}")
    job = ledger.jobs.receive(new_job(user_id=11, spec=tiny_spec(prompt=secret)), now=clock()).job
    ledger.jobs.cancel(job.id, now=clock())
    assert secret.encode() in _bytes_on_disk(path)
    ledger.privacy.erase(11, day_began=clock(), now=clock())
    assert secret.encode() not in _bytes_on_disk(path)
    ledger.close()


def _bytes_on_disk(path: Path) -> bytes:
    return b"".join(each.read_bytes() for each in path.parent.glob(f"{path.name}*"))
