"""From evidence to what is done with each machine, whatever the queue says."""

import pytest

from provisioner.actions import (
    Action,
    Adopt,
    Advance,
    Bury,
    Destroy,
    DestroyOrphan,
    Doubt,
    Drain,
    GiveUp,
    RepeatDestroy,
)
from provisioner.lifecycle import State
from provisioner.observation import Machine, Orphan
from provisioner.providers.base import Status
from provisioner.reconcile import reconcile
from tasks.schema import WorkerState
from tests.unit.provisioner.machines import PROFILE, ago, heartbeat, listed, machine, observation

YOUNG = {"intended_at": ago(30)}


def only(one: Machine) -> Action | None:
    actions = reconcile(observation(one), PROFILE)
    assert len(actions) <= 1
    return actions[0] if actions else None


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        # An intent without an answer is looked for by its label before anything else.
        (machine(State.INTENDED, listed=None), Doubt),
        (machine(State.INTENDED), Adopt),
        (machine(State.AMBIGUOUS), Adopt),
        (machine(State.AMBIGUOUS, listed=None, missing_s=9), None),
        (machine(State.AMBIGUOUS, listed=None, missing_s=10), GiveUp),
        # The way up.
        (machine(State.ALLOCATING, row_changes=YOUNG, listed=listed(Status.PULLING)), Advance),
        (machine(State.PULLING, row_changes=YOUNG, listed=listed(Status.PULLING)), None),
        (machine(State.PULLING, row_changes=YOUNG, heartbeat=heartbeat()), Advance),
        (machine(State.BOOTING, row_changes=YOUNG, heartbeat=heartbeat(WorkerState.STARTING)), None),
        # Late, mute, failed, missing.
        (machine(State.PULLING, row_changes={"intended_at": ago(601)}), Destroy),
        (machine(State.BOOTING, row_changes=YOUNG | {"running_at": ago(181)}), Destroy),
        (machine(State.ALLOCATING, row_changes=YOUNG, listed=listed(Status.BROKEN), silent_s=7), Destroy),
        (machine(State.ALLOCATING, row_changes=YOUNG, listed=None, missing_s=21, silent_s=21), Destroy),
        (machine(State.ALLOCATING, row_changes=YOUNG, listed=None, missing_s=5, silent_s=21), None),
        # Ready is the worker's own word, and so is its loss.
        (machine(heartbeat=heartbeat()), None),
        (machine(heartbeat=heartbeat(), listed=listed(Status.EXITED), silent_s=2), None),
        (machine(heartbeat=heartbeat(), listed=listed(Status.EXITED), silent_s=7), Destroy),
        (machine(heartbeat=None, silent_s=46), Destroy),
        (machine(heartbeat=None, silent_s=30), None),
        # Ordered to end: what it draws is finished, what draws nothing is ended at once.
        (machine(heartbeat=heartbeat(), ordered="drain", idle_s=None), None),
        (machine(heartbeat=heartbeat(), ordered="drain", idle_s=0.0), Drain),
        (machine(State.PARKED, listed=listed(Status.STOPPED), ordered="drain"), Destroy),
        (machine(State.PULLING, row_changes=YOUNG, ordered="drain"), Destroy),
        (machine(State.BOOTING, row_changes=YOUNG, heartbeat=heartbeat(), ordered="drain"), Advance),
        (machine(State.AMBIGUOUS, listed=None, ordered="drain"), None),
        # The way down.
        (machine(State.DRAINING), Drain),
        (machine(State.DESTROYING), RepeatDestroy),
        (machine(State.DESTROYING, listed=None), RepeatDestroy),
        (machine(State.DESTROYING, listed=None, ended_at_provider=True), Bury),
        (machine(State.DESTROYING, ended_at_provider=True), RepeatDestroy),
    ],
)
def test_each_machine_gets_what_its_evidence_says(one: Machine, expected: type | None) -> None:
    """One action at most, and only from evidence that cannot be a lie of one side."""
    action = only(one)
    assert action is None if expected is None else isinstance(action, expected)


def test_a_heartbeat_makes_it_ready() -> None:
    """Not the provider's word: a running container whose worker still loads is not ready."""
    action = only(machine(State.BOOTING, row_changes=YOUNG, heartbeat=heartbeat()))
    assert isinstance(action, Advance)
    assert action.target is State.READY


def test_orphans_get_a_grace() -> None:
    """What carries our label and has no intent is destroyed, but not in the second in which it appears."""
    fresh, old = (Orphan(listed=listed(), seen_for_s=seconds) for seconds in (89, 90))
    assert reconcile(observation(orphans=(fresh,)), PROFILE) == []
    assert [type(action) for action in reconcile(observation(orphans=(old,)), PROFILE)] == [DestroyOrphan]
