"""A parked machine through the real loop: its bill, its waking, and what becomes of one whose GPU is gone."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from config.loading import load_registry
from config.settings import ProvisionerSettings
from provisioner import costs
from provisioner.composition import build_loop
from provisioner.credentials import WorkerUsers
from provisioner.lifecycle import State
from provisioner.loop import Loop
from provisioner.providers.vast import VastProvider
from tasks import keys, life
from tasks.leases import Lease
from tasks.ledger import Instance, Ledger
from tasks.ledger.orders import AT_LEAST, AT_MOST, BUDGET, UP, drain_order, park_order, wake_order
from tasks.schema import Heartbeat, WorkerState
from tests.conftest import ManualClock
from tests.integration.commands.conftest import ROOT
from tests.specs import new_job, tiny_spec
from tests.vast_sandbox import KEY, VastSandbox


@dataclass
class Yard:
    """One machine, a clock that is ours, and its worker's heart."""

    ledger: Ledger
    redis: Redis
    vast: VastSandbox
    clock: ManualClock
    loop: Loop
    beats: bool = True

    def tick(self, times: int = 1) -> None:
        for _ in range(times):
            self.clock.advance(2)
            (shown,) = [one for one in self.vast.instances() if one["label"] == self.row().label] or [{}]
            if self.beats and shown.get("actual_status") == "running":
                beat = Heartbeat(worker_id=self.row().id, state=WorkerState.IDLE, since=self.clock(), at=self.clock())
                self.redis.set(keys.heartbeat(self.row().id), beat.write(), px=keys.HEARTBEAT_TTL)
            self.loop.tick()

    def row(self) -> Instance:
        rows = self.ledger.instances.intended_since(self.clock() - timedelta(days=1))
        return rows[0] if rows else Instance(id="none", label="none")

    def until(self, look: Callable[[], Any]) -> None:
        """Passes and, for processes that end in their own time, a little real time."""
        deadline = time.monotonic() + 10
        while not look():
            assert time.monotonic() < deadline, self.row().state
            self.tick()
            time.sleep(0.01)

    def order(self, name: str) -> None:
        self.ledger.orders.place(name, reason="test", now=self.clock())

    def status(self) -> str:
        return str(self.vast.instances()[0]["actual_status"])


@pytest.fixture
def yard(tmp_path: Path, ledger: Ledger, redis: Redis, redis_url: str, clock: ManualClock) -> Iterator[Yard]:
    vast = VastSandbox(tmp_path / "vast", clock)
    vast.start()
    registry = load_registry(ROOT / "sandbox" / "config")
    profile = registry.profile.model_copy(update={"command": ("sleep", "600"), "idle_s": 100_000})
    registry.profiles[registry.fleet.profile] = profile  # type: ignore[index]
    settings = ProvisionerSettings.model_validate({"REDIS_URL": redis_url, "VAST_API_KEY": KEY, "VAST_URL": vast.url})
    provider = VastProvider(api_key=KEY, url=vast.url)
    loop = build_loop(settings, registry, ledger=ledger, redis=redis, provider=provider, now=clock, holder="test")
    made = Yard(ledger, redis, vast, clock, loop)
    made.order(UP)
    made.until(lambda: made.row().state == State.READY)
    yield made
    vast.stop()
    WorkerUsers(redis).keep_in_step({})


def test_it_parks_for_the_price_of_its_disk_and_wakes(yard: Yard) -> None:
    """The same machine, ready again; our count of its GPU stays within a cent of Vast's over an hour of sleep."""
    machine = yard.row()
    yard.ledger.orders.withdraw(UP)
    yard.order(park_order(machine.id))
    yard.until(lambda: yard.row().state == State.PARKED and yard.status() == "stopped")
    assert costs.burn_usd_per_hour(yard.row()) == machine.storage_usd_per_hour
    yard.clock.advance(3600)
    yard.tick(3)
    assert yard.row().state == State.PARKED, "stopped is what it should be"
    users = [str(name) for name in yard.redis.acl_users()]
    assert any(machine.id in name for name in users), "it wakes with the password that it has"
    yard.order(wake_order(machine.id))
    yard.until(lambda: yard.row().state == State.READY)
    assert yard.row().id == machine.id
    assert yard.row().ready_at == machine.ready_at, "the time of its first boot is what the estimate learns from"
    assert yard.row().idle_since == yard.clock(), "however long it took to wake, it has not idled"
    assert len(yard.vast.instances()) == 1
    (bill,) = yard.vast.instances()
    ours = costs.cost(yard.row(), until=yard.clock())
    assert ours.gpu_usd == pytest.approx(bill["gpu_usd"], abs=0.01)
    assert ours.storage_usd == pytest.approx(bill["storage_usd"], abs=0.01)
    assert yard.ledger.orders.current(now=yard.clock()) == {}, "each order is obeyed once"


def test_one_whose_gpu_is_gone_is_ended(yard: Yard) -> None:
    """Vast accepts the start and keeps it waiting; nobody waits with it."""
    machine = yard.row()
    yard.ledger.orders.withdraw(UP)
    yard.order(park_order(machine.id))
    yard.until(lambda: yard.row().state == State.PARKED and yard.status() == "stopped")
    yard.vast.fault("unpark_stuck")
    yard.order(wake_order(machine.id))
    yard.until(lambda: not yard.vast.billing())
    assert "its GPU is taken" in (yard.row().end_reason or "")


def test_a_park_that_vast_never_did_does_not_bill_all_night(yard: Yard) -> None:
    """The request is lost: it is parked in our books, runs at Vast, and is ended after a minute."""
    machine = yard.row()
    yard.ledger.orders.withdraw(UP)
    yard.vast.fault("dropped_connection", route="state", count=1)
    yard.order(park_order(machine.id))
    yard.until(lambda: yard.row().state == State.PARKED)
    begun = yard.clock()
    yard.until(lambda: not yard.vast.billing())
    assert yard.clock() - begun < timedelta(minutes=2)


def test_the_kill_switch_ends_parked_ones_too(yard: Yard) -> None:
    """Their disks cost money."""
    yard.ledger.orders.withdraw(UP)
    yard.order(park_order(yard.row().id))
    yard.until(lambda: yard.row().state == State.PARKED and yard.status() == "stopped")
    yard.order("down")
    yard.until(lambda: not yard.vast.billing())


def test_a_machine_at_work_is_not_parked(yard: Yard) -> None:
    """The order waits until it is idle."""
    yard.order(park_order(yard.row().id))
    beat = Heartbeat(worker_id=yard.row().id, state=WorkerState.BUSY, since=yard.clock(), at=yard.clock())
    yard.beats = False
    for _ in range(3):
        yard.redis.set(keys.heartbeat(yard.row().id), beat.write(), px=keys.HEARTBEAT_TTL)
        yard.tick()
    assert yard.row().state == State.READY
    yard.beats = True
    yard.until(lambda: yard.row().state == State.PARKED)


def test_a_machine_is_let_go_once_it_has_drawn(yard: Yard) -> None:
    """While a job is in its hands it is told to take no other; then it is ended, and the order with it."""
    machine = yard.row()
    yard.ledger.orders.withdraw(UP)
    job = yard.ledger.jobs.receive(new_job(spec=tiny_spec()), now=yard.clock()).job
    yard.ledger.jobs.queue(job.id, now=yard.clock())
    lease = Lease(yard.redis, job.id, epoch=1, worker_id=machine.id)
    assert lease.acquire()
    assert yard.ledger.jobs.claimed(job.id, epoch=1, worker_id=machine.id, now=yard.clock())
    yard.order(drain_order(machine.id))
    yard.tick(3)
    assert yard.row().state == State.READY
    assert life.word(yard.redis, machine.id) is life.Word.FINISH
    assert set(yard.ledger.orders.current(now=yard.clock())) == {drain_order(machine.id)}
    yard.ledger.jobs.cancel(job.id, now=yard.clock())
    lease.release()
    yard.until(lambda: not yard.vast.billing() and yard.row().state == State.DESTROYED)
    assert yard.row().end_reason == "ordered by hand"
    assert yard.ledger.orders.current(now=yard.clock()) == {}


def test_a_parked_machine_is_let_go_at_once(yard: Yard) -> None:
    """Its disk is all that there is to end; nothing wakes it for that."""
    yard.ledger.orders.withdraw(UP)
    yard.order(park_order(yard.row().id))
    yard.until(lambda: yard.row().state == State.PARKED and yard.status() == "stopped")
    yard.order(drain_order(yard.row().id))
    yard.until(lambda: not yard.vast.billing() and yard.row().state == State.DESTROYED)
    assert yard.ledger.orders.current(now=yard.clock()) == {}


def test_what_is_beyond_the_owners_number_ends_and_none_follows(yard: Yard) -> None:
    """`/fleet scale` with 0 at most: the machine goes although `up` wants one; and comes again once it is lifted."""
    first = yard.row()
    yard.ledger.orders.place(AT_MOST, reason="test", now=yard.clock(), amount=0)
    yard.until(lambda: not yard.vast.billing() and yard.row().state == State.DESTROYED)
    yard.tick(3)
    assert not yard.vast.billing()
    assert first.id == yard.row().id
    yard.ledger.orders.withdraw(AT_MOST)
    yard.until(lambda: len(yard.ledger.instances.live()) == 1)


def test_as_many_as_the_owner_ordered_are_there_without_a_job(yard: Yard) -> None:
    """`/fleet scale` with 2 at least: one more is rented, and no third."""
    yard.ledger.orders.place(AT_LEAST, reason="test", now=yard.clock(), amount=2)
    yard.until(lambda: len(yard.ledger.instances.live()) == 2)
    yard.tick(3)
    assert len(yard.ledger.instances.live()) == 2
    assert "2 ordered by hand" in yard.ledger.instances.live()[-1].reason


def test_a_budget_that_is_spent_ends_what_runs(yard: Yard) -> None:
    """`/fleet budget`: the file allows more, and nothing is rented again until it is lifted."""
    yard.clock.advance(600)
    yard.ledger.orders.place(BUDGET, reason="test", now=yard.clock(), amount=0.01)
    yard.until(lambda: not yard.vast.billing() and yard.row().state == State.DESTROYED)
    assert yard.row().end_reason == "the day's budget, ordered by hand, is reached"
    yard.tick(3)
    assert not yard.vast.billing()
