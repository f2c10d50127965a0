"""Redis or the ledger do not answer: that must never be the night in which a GPU bills until the morning."""

import os

from redis import Redis
from sqlalchemy import text
from structlog.testing import capture_logs

from provisioner.lifecycle import State
from provisioner.loop import Loop
from tests.integration.provisioner.stage import Stage
from tests.redis_server import RedisServer


def with_own_redis(stage: Stage, server: RedisServer) -> Loop:
    """A stage whose Redis may be taken away."""
    os.environ["REDIS_URL"] = server.url
    stage.redis = Redis.from_url(server.url)
    stage.redis_url = server.url
    return stage.provisioner()


def pass_by(stage: Stage, loop: Loop, *, seconds: float) -> None:
    """Without heartbeats: there is nothing to write them to."""
    for _ in range(int(seconds // 5)):
        stage.clock.advance(5)
        loop.tick()


def test_a_restart_of_redis_costs_no_machine(stage: Stage, redis_server: RedisServer) -> None:
    """Two minutes without Redis: nobody is lost, nothing is rented, and the workers' users come back."""
    loop = with_own_redis(stage, redis_server)
    (job,) = stage.order()
    (row,) = stage.ready(loop)
    stage.claim(job, row.id)
    redis_server.kill()
    pass_by(stage, loop, seconds=120)
    assert [one.id for one in stage.rows(State.READY)] == [row.id]
    redis_server.start()  # its users are gone: it keeps none on disk
    stage.run(loop, seconds=30)
    assert stage.users() == [f"easel-worker-{row.id}"]
    assert [one.id for one in stage.ledger.instances.live()] == [row.id]
    assert stage.job(job).epoch == 1, "its lease was on disk: nothing was lost"


def test_what_must_end_ends_without_redis(stage: Stage, redis_server: RedisServer) -> None:
    """A machine whose end was decided, and one that never boots, are ended although Redis is away."""
    stage.vast.fault("stuck_loading")
    loop = with_own_redis(stage, redis_server)
    stage.order()
    stage.until(loop, lambda: stage.rows(State.PULLING))
    redis_server.kill()
    pass_by(stage, loop, seconds=330)
    assert not stage.vast.billing()
    assert stage.states() == []


def test_nothing_is_kept_for_a_redis_that_does_not_come_back(stage: Stage, redis_server: RedisServer) -> None:
    """After ten minutes nobody can draw, whatever is rented."""
    loop = with_own_redis(stage, redis_server)
    stage.order()
    stage.ready(loop)
    redis_server.kill()
    pass_by(stage, loop, seconds=590)
    assert len(stage.vast.billing()) == 1
    pass_by(stage, loop, seconds=40)
    assert not stage.vast.billing()
    assert stage.states() == []


def test_a_ledger_that_does_not_come_back_ends_the_machines_by_label(stage: Stage) -> None:
    """A full disk, say: without the ledger the fleet cannot be managed, so after ten minutes it is ended."""
    loop = stage.provisioner()
    stage.order()
    stage.ready(loop)
    rename(stage, "leadership", "lost")
    with capture_logs() as logs:
        pass_by(stage, loop, seconds=590)
        assert len(stage.vast.billing()) == 1
        pass_by(stage, loop, seconds=30)
    assert not stage.vast.billing()
    assert any(line["event"] == "the ledger does not answer, destroying" for line in logs)
    rename(stage, "lost", "leadership")
    stage.cancel_all()
    stage.gone(loop)


def test_who_never_led_ends_nothing(stage: Stage) -> None:
    """A second provisioner without a ledger is no reason to end the first one's machines."""
    loop, second = stage.provisioner(), stage.provisioner("second")
    stage.order()
    stage.ready(loop)
    second.tick()
    rename(stage, "leadership", "lost")
    pass_by(stage, second, seconds=700)
    assert len(stage.vast.billing()) == 1


def rename(stage: Stage, table: str, new_name: str) -> None:
    with stage.ledger.engine.begin() as connection:
        connection.execute(text(f"ALTER TABLE {table} RENAME TO {new_name}"))
