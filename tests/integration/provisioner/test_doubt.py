"""Lost answers, lying lists, vanished offers: never two machines for one need, never one that nobody knows."""

import pytest
from structlog.testing import capture_logs

from provisioner.lifecycle import State
from provisioner.providers.base import LaunchSpec
from tests.integration.provisioner.stage import Stage
from tests.unit.provisioner.machines import PROFILE


def stranger(stage: Stage, label: str) -> None:
    """Somebody rents a machine on the same account without the fleet's knowledge."""
    provider = stage.provider()
    offer = provider.offers(PROFILE.model_copy(update={"gpu": PROFILE.gpu.model_copy(update={"names": ()})})).offers[0]
    provider.create(offer, LaunchSpec(label=label, image="image", command=("sleep", "60"), environment={}, disk_gb=20))


@pytest.mark.parametrize("mode", ["drop", "504"])
def test_a_lost_create_answer_makes_one_machine(stage: Stage, mode: str) -> None:
    """Created, and the answer lost: found by its label, adopted, used, destroyed. None leaks."""
    stage.vast.fault("lost_create_answer", mode=mode, count=1)
    loop = stage.provisioner()
    stage.order()
    (row,) = stage.ready(loop)
    (machine,) = stage.vast.instances()
    assert row.provider_instance_id == str(machine["instance_id"])
    assert len(stage.vast.requests("create")) == 1
    stage.cancel_all()
    stage.gone(loop)
    assert len(stage.vast.instances()) == 1


def test_a_create_that_never_happened_is_given_up(stage: Stage) -> None:
    """The connection broke before anything was done: after two complete lists another one is rented."""
    stage.vast.fault("dropped_connection", route="create", count=1)
    loop = stage.provisioner()
    stage.order()
    loop.tick()
    assert stage.states() == [State.AMBIGUOUS]
    stage.run(loop, seconds=8)
    assert not stage.vast.instances(), "nothing may be rented while an order is in doubt"
    stage.ready(loop)
    assert len(stage.vast.instances()) == 1
    assert stage.every_row()[0].end_reason == "never appeared at the provider"


def test_a_late_listing_does_not_leak_the_first_machine(stage: Stage) -> None:
    """Vast shows a machine only half a minute after making it, and the answer was lost: one stays in the end."""
    stage.vast.fault("lost_create_answer", count=1)
    stage.vast.fault("list_lag", lag_s=30)
    loop = stage.provisioner()
    (job,) = stage.order()
    (row,) = stage.ready(loop)
    stage.claim(job, row.id)
    stage.run(loop, seconds=180)
    assert len(stage.vast.billing()) == 1
    stage.cancel_all()
    stage.gone(loop)


def test_an_error_that_made_a_machine_is_ended(stage: Stage) -> None:
    """Such a machine is stopped and bills storage for ever."""
    stage.vast.fault("created_but_error", count=1)
    loop = stage.provisioner()
    stage.order()
    (row,) = stage.ready(loop)
    broken, good = stage.vast.instances()
    assert broken["billing_ended_at"] is not None
    assert row.provider_instance_id == str(good["instance_id"])


def test_a_vanished_offer_is_replaced_by_the_next(stage: Stage) -> None:
    """Somebody was quicker, twice: no doubt, no cost, the third offer is taken at once."""
    stage.vast.fault("offer_gone", count=2)
    loop = stage.provisioner()
    stage.order()
    stage.ready(loop)
    assert len(stage.vast.requests("create")) == 3
    assert len(stage.vast.instances()) == 1
    asked = [row.offer_json["id"] for row in stage.every_row()]
    assert len(set(asked)) == 3


def test_orphans_are_ended_after_their_grace_and_strangers_never(stage: Stage) -> None:
    """Our label without a live intent is destroyed; another deployment's or a person's machine is not touched."""
    stranger(stage, "easel/stage/nobody-knows")
    stranger(stage, "easel/production/theirs")
    stranger(stage, "my own machine")
    loop = stage.provisioner()
    stage.run(loop, seconds=80)
    assert len(stage.vast.billing()) == 3
    stage.run(loop, seconds=30)
    assert {one["label"] for one in stage.vast.billing()} == {"easel/production/theirs", "my own machine"}


def test_an_orphan_does_not_outlive_a_provisioner_that_restarts_again_and_again(stage: Stage) -> None:
    """Its own age counts, too, not only what one process has seen of it."""
    stranger(stage, "easel/stage/nobody-knows")
    for number in range(5):
        loop = stage.provisioner(f"process {number}")
        stage.run(loop, seconds=40)
        stage.clock.advance(20)  # dead, and its lead runs out
    assert not stage.vast.billing()


LIES = ["list_success_false", "list_missing_key", "list_empty", "list_count_mismatch"]


@pytest.mark.parametrize("lie", LIES)
def test_a_lying_list_ends_nothing(stage: Stage, lie: str) -> None:
    """A list that hides machines costs neither a working machine nor a booting one."""
    loop = stage.provisioner()
    (job,) = stage.order()
    (row,) = stage.ready(loop)
    stage.claim(job, row.id)
    stage.order(4, width=1024, height=1024, num_inference_steps=50)
    stage.until(loop, lambda: len(stage.rows(State.ALLOCATING, State.PULLING, State.BOOTING)) >= 1)
    before = {one.id for one in stage.ledger.instances.live()}
    stage.vast.fault(lie)
    stage.run(loop, seconds=55)
    stage.vast.clear_faults()
    assert before <= {one.id for one in stage.ledger.instances.live()}
    assert {row.id for row in stage.every_row() if row.destroyed_at} == set()


@pytest.mark.parametrize("lie", LIES)
def test_a_lying_list_rents_nothing(stage: Stage, lie: str) -> None:
    """One second after the last good list and for hours: what may be there already is not rented again."""
    loop = stage.provisioner()
    (job,) = stage.order()
    (row,) = stage.ready(loop)
    stage.claim(job, row.id)
    stage.vast.fault(lie)
    stage.run(loop, seconds=70)
    made = len(stage.vast.instances())
    stage.order(6, width=1024, height=1024, num_inference_steps=50)
    stage.run(loop, seconds=40)
    assert len(stage.vast.instances()) == made
    assert "cannot be trusted" in stage.status().blocked


def test_a_machine_that_somebody_else_ended_is_not_waited_for_for_ever(stage: Stage) -> None:
    """Destroyed on Vast's own page while it booted: another one is rented, and nothing bills."""
    loop = stage.provisioner()
    stage.all_silent = True
    stage.order()
    (row,) = stage.until(loop, lambda: stage.rows(State.PULLING))
    stage.provider().destroy(row.provider_instance_id or "")
    stage.all_silent = False
    (second,) = stage.ready(loop)
    assert second.id != row.id
    assert len(stage.vast.billing()) == 1


def test_a_destroy_is_asked_again_until_it_is_true(stage: Stage) -> None:
    """Refused, then answered with a lie: the machine is asked for until the list no longer shows it."""
    loop = stage.provisioner()
    stage.order()
    stage.ready(loop)
    stage.vast.fault("http_error", route="destroy", status=503, count=2)
    stage.vast.fault("destroy_lies", count=2)
    stage.cancel_all()
    with capture_logs() as logs:
        stage.gone(loop)
    warned = [line for line in logs if line["event"] == "not destroyed yet, money still runs"]
    assert warned
    assert all(line["cost_usd"] > 0 for line in warned)
    assert len(stage.vast.requests("destroy")) >= 4


def test_an_outage_of_vast_is_survived(stage: Stage) -> None:
    """Ten minutes of errors, and the process dies in them: nothing is forgotten, jobs wait, then all goes on."""
    loop = stage.provisioner()
    (job,) = stage.order()
    (row,) = stage.ready(loop)
    stage.claim(job, row.id)
    stage.vast.fault("http_error", route="*", status=502)
    stage.run(loop, seconds=300)
    stage.clock.advance(20)  # killed, and its lead runs out
    loop = stage.provisioner("successor")
    stage.run(loop, seconds=300)
    assert [one.id for one in stage.rows(State.READY)] == [row.id]
    stage.cancel_all()
    stage.run(loop, seconds=120)
    stage.vast.clear_faults()
    stage.gone(loop)
