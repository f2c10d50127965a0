"""The heartbeat finds out whether somebody wants this machine; a rented one that nobody wants ends itself."""

from datetime import UTC, datetime

import pytest
from redis import Redis

from gpu_worker.heartbeat import HeartbeatWriter
from gpu_worker.renderer import DeviceState
from gpu_worker.status import WorkerStatus
from tasks import keys, life
from tasks.schema import Heartbeat, WorkerState

pytestmark = pytest.mark.integration


class Machine:
    """A worker's heartbeat, and how often it was told that it is wanted."""

    def __init__(self, redis: Redis) -> None:
        self.touches = 0
        self.ends = 0
        self.status = WorkerStatus(now=_now)
        self.status.ready()
        self.writer = HeartbeatWriter(
            redis,
            "m1",
            status=self.status,
            loaded=lambda: (),
            device=lambda: DeviceState(name="CPU", is_cpu=True),
            now=_now,
            on_wanted=self._touch,
            on_finish=self._finish,
        )

    def _touch(self) -> None:
        self.touches += 1

    def _finish(self) -> None:
        self.ends += 1
        self.status.drain()


def _now() -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC)


def test_the_leaders_word_keeps_an_idle_machine(redis: Redis) -> None:
    """As long as it is said anew; only of the machines that are named."""
    machine = Machine(redis)
    life.extend(redis, ["m1"])
    machine.writer.beat()
    assert machine.touches == 1
    assert 0 < redis.ttl(keys.life("m1")) <= keys.LIFE_TTL.total_seconds()


def test_contact_alone_is_no_reason_to_go_on(redis: Redis) -> None:
    """Redis lives, the provisioner is dead or wants it gone: the heartbeat is seen, the lease runs down."""
    machine = Machine(redis)
    life.extend(redis, ["another"])
    machine.writer.beat()
    assert machine.touches == 0
    assert Heartbeat.read(redis.get(keys.heartbeat("m1")) or "").worker_id == "m1"


def test_a_machine_that_draws_is_wanted(redis: Redis) -> None:
    """Members wait for it, whoever leads."""
    machine = Machine(redis)
    with machine.status.working_on("JOB"):
        machine.writer.beat()
    assert machine.touches == 1


def test_who_is_let_go_is_told_once_while_it_draws(redis: Redis) -> None:
    """It takes nothing more, and lives on until the provisioner ends it: its last picture is still being drawn."""
    machine = Machine(redis)
    life.extend(redis, ["m1", "another"], finishing={"m1"})
    with machine.status.working_on("JOB"):
        machine.writer.beat()
        machine.writer.beat()
    assert machine.ends == 1
    assert machine.touches == 2
    assert Heartbeat.read(redis.get(keys.heartbeat("m1")) or "").state is WorkerState.DRAINING
    assert life.word(redis, "another") is life.Word.WANTED
