"""What was published from Discord: once per name, and every removal can be taken back; on every database."""

from typing import Any

from tasks.ledger import Ledger, PublishedEntry
from tasks.ledger.published import LORA, MODEL
from tests.conftest import ManualClock

USER = 11


def entry(clock: ManualClock, **changes: Any) -> PublishedEntry:
    values: dict[str, Any] = {
        "kind": LORA,
        "id": "ink",
        "entry_json": {"id": "ink"},
        "sha256": "a" * 64,
        "added_by": USER,
        "guild_id": 21,
        "added_at": clock(),
        "removed_at": None,
    }
    return PublishedEntry(**values | changes)


def test_a_name_is_given_once(ledger: Ledger, clock: ManualClock) -> None:
    """A model and a LoRA may share it; every change raises the revision."""
    assert ledger.published.revision() == 0
    assert ledger.published.add(entry(clock))
    assert not ledger.published.add(entry(clock, entry_json={"id": "other"}))
    assert ledger.published.add(entry(clock, kind=MODEL))
    assert [(row.kind, row.entry_json) for row in ledger.published.all()] == [
        (LORA, {"id": "ink"}),
        (MODEL, {"id": "ink"}),
    ]
    assert ledger.published.revision() == 2


def test_what_was_removed_comes_back_or_gives_its_place_up(ledger: Ledger, clock: ManualClock) -> None:
    """Nothing is lost by a slip; a removed name can be published anew."""
    ledger.published.add(entry(clock))
    assert ledger.published.remove(LORA, "ink", now=clock())
    assert not ledger.published.remove(LORA, "ink", now=clock())
    assert ledger.published.all() == []
    assert ledger.published.restore(LORA, "ink")
    assert not ledger.published.restore(LORA, "ink")
    assert not ledger.published.restore(LORA, "never")
    ledger.published.remove(LORA, "ink", now=clock())
    assert ledger.published.add(entry(clock, entry_json={"id": "ink", "name": "New"}))
    assert [row.entry_json for row in ledger.published.all()] == [{"id": "ink", "name": "New"}]
    assert ledger.published.revision() == 5


def test_who_published_is_forgotten_with_the_person(ledger: Ledger, clock: ManualClock) -> None:
    """What they gave to all stays, without a name behind it."""
    ledger.published.add(entry(clock))
    ledger.privacy.erase(USER, day_began=clock(), now=clock())
    assert [row.added_by for row in ledger.published.all()] == [0]
