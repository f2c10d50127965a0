"""Uploaded files in the ledger: whole or not there, and gone a week after nothing published needs them."""

import hashlib
from collections.abc import Iterator
from datetime import timedelta

import pytest

from tasks.ledger import Ledger
from tasks.ledger.published import LORA
from tests.conftest import ManualClock
from tests.integration.tasks.test_ledger_published import entry

CHUNKS = [b"a" * 1000, b"b" * 1000, b"c"]
SHA256 = hashlib.sha256(b"".join(CHUNKS)).hexdigest()


def keep(ledger: Ledger) -> None:
    ledger.uploads.keep(SHA256, size_bytes=2001, chunks=CHUNKS)


def test_a_file_is_there_once_it_is_whole(ledger: Ledger) -> None:
    """What broke off is not handed out, and is taken up by whoever uploads the same again."""

    def broken() -> Iterator[bytes]:
        yield CHUNKS[0]
        assert ledger.uploads.size(SHA256) is None
        raise ConnectionError

    with pytest.raises(ConnectionError):
        ledger.uploads.keep(SHA256, size_bytes=2001, chunks=broken())
    assert ledger.uploads.size(SHA256) is None
    keep(ledger)
    assert ledger.uploads.size(SHA256) == 2001
    assert [ledger.uploads.chunk(SHA256, number) for number in range(4)] == [*CHUNKS, None]


def test_the_same_file_is_not_read_again(ledger: Ledger) -> None:
    """It may be hundreds of megabytes."""
    keep(ledger)
    ledger.uploads.keep(SHA256, size_bytes=2001, chunks=iter(()))
    assert ledger.uploads.chunk(SHA256, 2) == b"c"


def test_what_nobody_needs_goes_after_a_week(ledger: Ledger, clock: ManualClock) -> None:
    """A removal can be taken back until then; what never became an entry goes as well."""
    keep(ledger)
    ledger.published.add(entry(clock, sha256=SHA256))
    clock.advance(timedelta(days=30).total_seconds())
    assert ledger.uploads.tidy(now=clock()) == []
    ledger.published.remove(LORA, "ink", now=clock())
    assert ledger.uploads.tidy(now=clock()) == []
    clock.advance(timedelta(days=6).total_seconds())
    assert ledger.uploads.tidy(now=clock()) == []
    ledger.published.restore(LORA, "ink")
    clock.advance(timedelta(days=2).total_seconds())
    assert ledger.uploads.tidy(now=clock()) == []
    ledger.published.remove(LORA, "ink", now=clock())
    ledger.uploads.tidy(now=clock())
    clock.advance(timedelta(days=7).total_seconds())
    assert ledger.uploads.tidy(now=clock()) == [SHA256]
    assert ledger.uploads.size(SHA256) is None
    assert ledger.uploads.chunk(SHA256, 0) is None
    assert ledger.uploads.tidy(now=clock()) == []


def test_what_is_uploaded_again_begins_a_new_week(ledger: Ledger, clock: ManualClock) -> None:
    """Its entry follows a moment later, and must not find the file just taken away."""
    keep(ledger)
    ledger.uploads.tidy(now=clock())
    clock.advance(timedelta(days=8).total_seconds())
    keep(ledger)
    assert ledger.uploads.tidy(now=clock()) == []
    assert ledger.uploads.size(SHA256) == 2001
