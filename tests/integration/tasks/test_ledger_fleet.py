"""Machines and leadership in the ledger, and the schema itself, on SQLite and PostgreSQL."""

from datetime import timedelta

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from tasks.ledger import Intent, Ledger, NoLongerLeader
from tasks.ledger.models import Base
from tasks.ledger.orders import AT_MOST, DOWN, UP
from tests.conftest import ManualClock

TTL = timedelta(seconds=15)


def intent(number: int) -> Intent:
    return Intent(
        id=f"i{number}",
        label=f"easel/test/i{number}",
        provider="vast",
        profile="standard",
        offer={"id": 1},
        gpu="RTX 4090",
        machine_id="m1",
        usd_per_hour=0.4,
        storage_usd_per_hour=0.01,
        reason="3 jobs wait",
    )


def test_the_migrations_make_the_models(ledger: Ledger) -> None:
    """What Alembic builds is what the code believes: no drift."""
    with ledger.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_opening_again_migrates_nothing(ledger_url: str, ledger: Ledger) -> None:
    """Several processes open the same ledger."""
    Ledger.open(ledger_url).close()
    assert ledger.instances.live() == []


def test_one_leads_and_the_epoch_rises(ledger: Ledger, clock: ManualClock) -> None:
    """A second provisioner waits; once it takes over, the epoch fences the first."""
    assert ledger.leadership.acquire("fleet", holder="a", ttl=TTL, now=clock()) == 1
    assert ledger.leadership.acquire("fleet", holder="b", ttl=TTL, now=clock()) is None
    assert ledger.leadership.acquire("fleet", holder="a", ttl=TTL, now=clock.advance(10)) == 1
    assert ledger.leadership.acquire("fleet", holder="b", ttl=TTL, now=clock.advance(16)) == 2
    assert ledger.leadership.acquire("fleet", holder="a", ttl=TTL, now=clock()) is None


def test_resigning_lets_the_next_one_in_at_once(ledger: Ledger, clock: ManualClock) -> None:
    """A graceful stop costs the fleet no waiting."""
    ledger.leadership.acquire("fleet", holder="a", ttl=TTL, now=clock())
    ledger.leadership.resign("fleet", holder="a", now=clock())
    assert ledger.leadership.acquire("fleet", holder="b", ttl=TTL, now=clock()) == 2


def test_a_deposed_leader_cannot_rent(ledger: Ledger, clock: ManualClock) -> None:
    """The fence stands where the money is."""
    ledger.leadership.acquire("fleet", holder="a", ttl=TTL, now=clock())
    ledger.instances.intend(intent(1), role="fleet", leader_epoch=1, now=clock())
    ledger.leadership.acquire("fleet", holder="b", ttl=TTL, now=clock.advance(60))
    with pytest.raises(NoLongerLeader):
        ledger.instances.intend(intent(2), role="fleet", leader_epoch=1, now=clock())
    assert [row.id for row in ledger.instances.live()] == ["i1"]


def test_machines_move_by_compare_and_set(ledger: Ledger, clock: ManualClock) -> None:
    """A late answer cannot bring a destroyed machine back to life."""
    ledger.leadership.acquire("fleet", holder="a", ttl=TTL, now=clock())
    ledger.instances.intend(intent(1), role="fleet", leader_epoch=1, now=clock())
    assert ledger.instances.move("i1", "created", sources={"intended"}, provider_instance_id="77") is not None
    assert ledger.instances.move("i1", "destroyed", sources={"created"}, destroyed_at=clock()) is not None
    assert ledger.instances.move("i1", "ready", sources={"created"}) is None
    assert ledger.instances.live() == []
    assert [row.id for row in ledger.instances.billed_since(clock() - timedelta(hours=1))] == ["i1"]
    assert not ledger.instances.billed_since(clock() + timedelta(hours=1))


def test_orders_by_hand_hold_until_they_end(ledger: Ledger, clock: ManualClock) -> None:
    """The newest order of a name counts; one with an end lapses by itself."""
    ledger.orders.place(DOWN, reason="bill shock", now=clock())
    ledger.orders.place(UP, reason="event", now=clock(), until=clock() + timedelta(hours=1))
    ledger.orders.place(UP, reason="longer event", now=clock(), until=clock() + timedelta(hours=2))
    current = ledger.orders.current(now=clock())
    assert {name: order.reason for name, order in current.items()} == {DOWN: "bill shock", UP: "longer event"}
    ledger.orders.place(AT_MOST, reason="bill", now=clock(), until=clock() + timedelta(hours=1), amount=2)
    assert ledger.orders.current(now=clock())[AT_MOST].amount == 2
    assert set(ledger.orders.current(now=clock.advance(7200))) == {DOWN}
    assert ledger.orders.withdraw(DOWN)
    assert not ledger.orders.withdraw(DOWN)
    assert ledger.orders.current(now=clock()) == {}
