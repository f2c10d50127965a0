"""What a machine costs."""

from datetime import timedelta

import pytest

from provisioner import costs
from provisioner.lifecycle import State
from provisioner.observation import Orphan
from tests.unit.provisioner.machines import NOW, ago, listed, machine, row


def test_the_gpu_costs_while_it_runs_and_storage_always() -> None:
    """Loading costs only the disk; both prices stop with the machine."""
    machine = row(intended_at=ago(7200), running_at=ago(3600))
    assert costs.cost_usd(machine, until=NOW) == pytest.approx(2 * 0.04 + 1 * 0.36)
    machine.destroyed_at = ago(1800)
    assert costs.cost_usd(machine, until=NOW) == pytest.approx(1.5 * 0.04 + 0.5 * 0.36)


def test_only_the_part_since_midnight_counts_for_today() -> None:
    """A machine that runs over midnight is split between the days."""
    machine = row(intended_at=ago(48 * 3600), running_at=ago(48 * 3600))
    midnight = costs.midnight(NOW)
    assert midnight == NOW - timedelta(hours=12)
    assert costs.cost_usd(machine, since=midnight, until=NOW) == pytest.approx(12 * 0.4)


def test_a_refused_intent_cost_nothing_and_an_unknown_one_might() -> None:
    """Only a clear no is free of charge."""
    refused = row(State.DESTROYED, created_at=None, destroyed_at=ago(500))
    given_up = row(State.DESTROYED, created_at=None, destroying_at=ago(500), destroyed_at=ago(500))
    assert costs.was_refused(refused)
    assert costs.cost_usd(refused, until=NOW) == 0
    assert costs.cost_usd(given_up, until=NOW) > 0


def test_what_was_downloaded_counts_once_and_at_the_intent() -> None:
    """The image and the weights: in the period in which it was rented, not in the next one."""
    machine = row(intended_at=ago(7200), running_at=ago(3600), bandwidth_usd=0.08)
    assert costs.cost(machine, until=NOW).bandwidth_usd == 0.08
    assert costs.cost(machine, since=ago(3600), until=NOW).bandwidth_usd == 0


def test_a_parked_machine_costs_its_disk() -> None:
    """Its earlier runs still count, each within the period that is asked for."""
    machine = row(intended_at=ago(4 * 3600), running_at=ago(4 * 3600))
    machine.runs_json = costs.finished_runs(machine, now=ago(3 * 3600))
    machine.running_at = None
    assert costs.cost(machine, until=NOW).gpu_h == pytest.approx(1)
    assert costs.cost(machine, until=NOW).storage_usd == pytest.approx(4 * 0.04)
    machine.running_at = ago(1800)
    assert costs.cost(machine, until=NOW).gpu_h == pytest.approx(1.5)
    assert costs.cost(machine, since=ago(7200), until=NOW).gpu_h == pytest.approx(0.5)
    assert len(costs.finished_runs(machine, now=NOW)["runs"]) == 2


def test_the_month_begins_on_the_first() -> None:
    """Midnight in UTC."""
    assert costs.month_start(NOW) == NOW.replace(day=1, hour=0)


def test_what_nobody_saw_run_is_counted_against_us() -> None:
    """A machine found running was billed since the last look that showed it still, or since it was made."""
    unseen = machine(State.PULLING, row_changes={"created_at": ago(300)})
    assert unseen.runs_since == ago(300)
    assert machine(State.PULLING, row_changes={"created_at": ago(300)}, still_at=ago(120)).runs_since == ago(120)


def test_an_orphan_costs_while_it_is_seen() -> None:
    """Its bill counts against the caps although no intent knows it."""
    assert Orphan(listed=listed(usd_per_hour=0.6), seen_for_s=60).cost_usd == pytest.approx(0.01)
