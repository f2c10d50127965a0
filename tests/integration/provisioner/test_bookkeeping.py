"""What the provider charges beside what we counted, and machines that cost money for nothing."""

from datetime import datetime, timedelta

import pytest
from structlog.testing import capture_logs

from provisioner.bookkeeping import Bookkeeper
from provisioner.budget import Spending
from provisioner.observation import Demand, Machine, Observation
from provisioner.providers.abilities import Account, Charge, Charges
from tasks.ledger import Instance, Intent, Ledger
from tests.conftest import ManualClock
from tests.memory_provider import MemoryProvider

LIFE = timedelta(hours=1)


class ChargingProvider(MemoryProvider):
    """Charges what the test says."""

    def __init__(self, charges: tuple[Charge, ...], clock: ManualClock) -> None:
        super().__init__((), now=clock)
        self._charges = charges

    def account(self) -> Account:
        return Account(credit_usd=5)

    def charges(self, *, since: datetime, until: datetime) -> Charges:
        return Charges(charges=self._charges)


@pytest.fixture
def machine(ledger: Ledger, clock: ManualClock) -> Instance:
    """One that ran for an hour at 40 cents and ended seven hours ago."""
    ledger.leadership.acquire("fleet", holder="test", ttl=LIFE, now=clock())
    intent = Intent(
        id="i1",
        label="easel/test/i1",
        provider="memory",
        profile="p",
        offer={},
        gpu="RTX 4090",
        machine_id="m",
        usd_per_hour=0.4,
        storage_usd_per_hour=0.0,
        reason="",
    )
    ledger.instances.intend(intent, role="fleet", leader_epoch=1, now=clock())
    ledger.instances.note("i1", provider_instance_id="77", created_at=clock(), running_at=clock())
    ended = ledger.instances.move("i1", "destroyed", sources={"intended"}, destroyed_at=clock.advance(3600))
    assert ended is not None
    clock.advance(7 * 3600)
    return ended


def seen(clock: ManualClock, *machines: Machine) -> Observation:
    spending = Spending(instances=len(machines), usd_per_hour=0, usd_today=0, creates_last_10_min=0)
    return Observation(now=clock(), demand=Demand(), spending=spending, machines=machines)


def told(ledger: Ledger, clock: ManualClock, *charges: Charge) -> list[str]:
    """What the owner hears after a look at these charges."""
    Bookkeeper(ledger, ChargingProvider(charges, clock), deployment="test").look(seen(clock))
    return [notice.key.partition(":")[0] for notice in ledger.alerts.noted_since(clock() - LIFE)]


def charge(usd: float, name: str = "77", label: str = "easel/test/i1") -> Charge:
    return Charge(provider_instance_id=name, label=label, total_usd=usd)


@pytest.mark.usefixtures("machine")
def test_charges_that_agree_are_no_news(ledger: Ledger, clock: ManualClock) -> None:
    """Noted beside the machine, and nobody is told."""
    assert told(ledger, clock, charge(0.42)) == []
    row = ledger.instances.get("i1")
    assert row is not None
    assert row.charged_usd == 0.42


@pytest.mark.usefixtures("machine")
def test_charges_that_differ_are_told_once_a_day(ledger: Ledger, clock: ManualClock) -> None:
    """More than a tenth and five cents off, or for machines that no intent knows."""
    assert told(ledger, clock, charge(0.9), charge(0.2, "78", "easel/test/i2")) == ["charges", "unknown_charges"]
    clock.advance(600)
    assert len(told(ledger, clock, charge(0.9))) == 2


def test_a_machine_that_idles_is_named_with_its_cost(ledger: Ledger, clock: ManualClock, machine: Instance) -> None:
    """Once per idle time, not per pass."""
    keeper = Bookkeeper(ledger, MemoryProvider((), now=clock), deployment="test")
    idle = Machine(row=machine, idle_s=150)
    with capture_logs() as logs:
        for view in (seen(clock, idle), seen(clock, idle), seen(clock), seen(clock, idle)):
            keeper.look(view)
    words = [line["cost_usd"] for line in logs if line["event"] == "machine idles and costs money"]
    assert words == [pytest.approx(0.4)] * 2
