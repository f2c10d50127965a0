"""From evidence to the truth about each machine: adopted, ready, lost, late, gone. Knows nothing of demand. Pure."""

from collections.abc import Callable

from config.registry import Profile
from provisioner import deadlines, lifecycle
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
    Park,
    RepeatDestroy,
    Unpark,
)
from provisioner.lifecycle import State
from provisioner.observation import Machine, Observation
from provisioner.providers.base import FAILED_STATUSES, Status

_STATE_OF = {Status.ALLOCATING: State.ALLOCATING, Status.PULLING: State.PULLING, Status.RUNNING: State.BOOTING}
_ORDER = (State.ALLOCATING, State.PULLING, State.BOOTING)


def reconcile(
    seen: Observation,
    profile: Profile,
    *,
    orphan_grace_s: float = lifecycle.ORPHAN_GRACE_S,
    unresolved_gap_s: float = lifecycle.UNRESOLVED_GAP_S,
) -> list[Action]:
    """What must be done whatever the queue says. At most one action per machine."""
    actions = [action for machine in seen.machines if (action := _judge(machine, seen, profile, unresolved_gap_s))]
    late = [orphan for orphan in seen.orphans if orphan.seen_for_s >= orphan_grace_s]
    return [*actions, *(DestroyOrphan(orphan.listed, orphan.seen_for_s) for orphan in late)]


def _judge(machine: Machine, seen: Observation, profile: Profile, unresolved_gap_s: float) -> Action | None:
    if machine.state in lifecycle.UNRESOLVED:
        return _unresolved(machine, unresolved_gap_s)
    judges: dict[State, Callable[[], Action | None]] = {
        State.READY: lambda: _lost(machine) or _old(machine, seen) or _ordered(machine),
        # Our process ended between the decision and the destroy; the last look decides again.
        State.DRAINING: lambda: _lost(machine) or Drain(machine, machine.row.end_reason or "was being drained"),
        State.DESTROYING: lambda: _destroying(machine),
        State.PARKED: lambda: _parked(machine) or _ordered(machine),
        State.WAKING: lambda: _ordered(machine) or _waking(machine, profile),
    }
    return judges.get(machine.state, lambda: _ordered(machine) or _booting(machine, seen, profile))()


def _unresolved(machine: Machine, gap_s: float) -> Action | None:
    if machine.listed is not None:
        return Adopt(machine, machine.listed)
    if machine.state is State.INTENDED:
        return Doubt(machine)
    return GiveUp(machine) if machine.missing_s >= gap_s else None


def _booting(machine: Machine, seen: Observation, profile: Profile) -> Action | None:
    if machine.takes_jobs:
        return Advance(machine, State.READY, running=True)
    lost = _failed(machine)
    if lost:
        return Destroy(machine, lost)
    late = _late(machine, seen, profile)
    if late:
        return Destroy(machine, late)
    if _is_mute(machine, seen):
        return Destroy(machine, "runs, but no worker came up")
    return _progress(machine)


def _parked(machine: Machine) -> Action | None:
    """Stopped is what it should be; only its absence, or a bill for nothing, ends it."""
    if machine.listed is None:
        lost = machine.missing_s >= lifecycle.MISSING_S
        return Destroy(machine, f"not at the provider for {machine.missing_s:.0f} s") if lost else None
    runs = machine.listed.status is Status.RUNNING and (machine.parked_s or 0) > lifecycle.PARKED_AND_RUNNING_S
    return Destroy(machine, "was parked and runs nevertheless") if runs else None


def _waking(machine: Machine, profile: Profile) -> Action | None:
    if machine.takes_jobs:
        return Advance(machine, State.READY, running=True)
    waking_s = machine.waking_s or 0.0
    runs = machine.listed is not None and machine.listed.status is Status.RUNNING
    if not runs and waking_s > lifecycle.UNPARK_S:
        return Destroy(machine, f"not running {waking_s:.0f} s after it was woken: its GPU is taken")
    if waking_s > deadlines.deadline_s(machine.row, profile):
        return Destroy(machine, f"not ready {waking_s:.0f} s after it was woken")
    return None


def _late(machine: Machine, seen: Observation, profile: Profile) -> str:
    age_s, expected_s = machine.age_s(seen.now), machine.row.boot_expected_s
    if age_s <= deadlines.deadline_s(machine.row, profile):
        return ""
    expected = f", {expected_s:.0f} s were expected" if expected_s else ""
    return f"{lifecycle.NOT_READY} {age_s:.0f} s{expected}"


def _is_mute(machine: Machine, seen: Observation) -> bool:
    running_at = machine.row.running_at
    if running_at is None or machine.heartbeat is not None:
        return False
    return (seen.now - running_at).total_seconds() > lifecycle.RUNNING_WITHOUT_WORKER_S


def _progress(machine: Machine) -> Action | None:
    target = None if machine.listed is None else _STATE_OF.get(machine.listed.status)
    if target is None or _ORDER.index(target) <= _ORDER.index(machine.state):
        return None
    return Advance(machine, target, running=target is State.BOOTING)


def _lost(machine: Machine) -> Action | None:
    reason = _failed(machine)
    if not reason and machine.silent_s > lifecycle.SILENT_READY_S:
        reason = f"its worker has been silent for {machine.silent_s:.0f} s"
    return Destroy(machine, reason) if reason else None


def _old(machine: Machine, seen: Observation) -> Action | None:
    """Only once it is idle: an age is no reason to break a picture off."""
    age_h = machine.age_s(seen.now) / 3600
    too_old = seen.max_age_h is not None and age_h > seen.max_age_h and machine.idle_s is not None
    return Drain(machine, f"{age_h:.0f} h old, max_age_h is {seen.max_age_h:g}") if too_old else None


def _ordered(machine: Machine) -> Action | None:
    """What the owner ordered by hand; at work, it is drawn to the end first."""
    if machine.ordered == "drain":
        return _let_go(machine)
    if machine.state is State.READY and machine.ordered == "park" and machine.idle_s is not None:
        return Park(machine, "ordered by hand")
    if machine.state is State.PARKED and machine.ordered == "wake":
        return Unpark(machine, "ordered by hand")
    return None


def _let_go(machine: Machine) -> Action | None:
    if machine.state in lifecycle.STARTING and machine.takes_jobs:
        return None  # it is ready after all, and may hold a job already
    if machine.state is not State.READY:
        return Destroy(machine, "ordered by hand")
    return Drain(machine, "ordered by hand") if machine.idle_s is not None else None


def _failed(machine: Machine) -> str:
    """Why the provider's word makes it a loss: only where no fresh heartbeat contradicts it."""
    if machine.listed is not None:
        failed = machine.listed.status in FAILED_STATUSES and machine.silent_s >= lifecycle.SILENT_FAILED_S
        said = f" ({machine.listed.message})" if machine.listed.message else ""
        return f"the provider says {machine.listed.status}{said}" if failed else ""
    gone = machine.missing_s >= lifecycle.MISSING_S and machine.silent_s >= lifecycle.SILENT_FAILED_S
    return f"not at the provider for {machine.missing_s:.0f} s" if gone else ""


def _destroying(machine: Machine) -> Action:
    """Gone for certain: accepted, and absent from a complete listing made after that."""
    if machine.row.provider_instance_id is None and machine.listed is None:
        return Bury(machine) if machine.missing_s >= lifecycle.UNRESOLVED_GAP_S else RepeatDestroy(machine)
    if machine.listed is None and machine.ended_at_provider:
        return Bury(machine)
    return RepeatDestroy(machine)
