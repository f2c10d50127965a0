"""The sentences about the fleet: the same in the log, in `provisioner status` and in `/server status`. Pure."""

from collections import Counter
from collections.abc import Sequence

from provisioner.actions import Action, Destroy, DestroyOrphan, Drain, Launch, Park, Unpark
from provisioner.lifecycle import STARTING, State
from provisioner.observation import Demand, Observation
from provisioner.sizing import Want


def sentence(seen: Observation, *, want: Want, actions: Sequence[Action], blocked: str) -> str:
    """What the fleet sees and does, such as "2 jobs wait (about 31 s of work): 1 machine is starting."."""
    parts = [_demand(seen.demand), _fleet(seen)]
    doing = _doing(actions)
    if doing:
        parts.append(doing)
    if blocked and seen.demand.jobs:
        parts.append(f"{want.workers} wanted, and no more is rented: {blocked}")
    elif seen.paused:
        parts.append(f"nothing new would be rented: {seen.paused}")
    text = "; ".join(part for part in parts if part)
    return text[0].upper() + text[1:] + "."


def why_rented(demand: Demand, *, want: Want, have: int) -> str:
    """The reason that goes into the ledger."""
    why = f" ({want.why})" if want.why else ""
    return f"{_demand(demand)}; {want.workers} wanted{why}, {have} there or starting"


def _demand(demand: Demand) -> str:
    if demand.jobs == 0:
        return "nothing waits"
    return f"{_count(demand.jobs, 'job')} outstanding, about {demand.seconds:.0f} s of work"


def _fleet(seen: Observation) -> str:
    states = Counter(machine.state for machine in seen.machines)
    starting = sum(number for state, number in states.items() if state in STARTING)
    ending = states[State.DRAINING] + states[State.DESTROYING]
    parts = [
        f"{number} {what}"
        for number, what in (
            (states[State.READY], "ready"),
            (starting, "starting"),
            (states[State.PARKED], "parked"),
            (ending, "ending"),
        )
        if number
    ]
    own = f"{_count(seen.own_workers, 'worker')} of your own" if seen.own_workers else ""
    rented = f"{', '.join(parts)} of {_count(len(seen.machines), 'rented machine')}" if parts else "nothing is rented"
    return f"{own}, {rented}" if own else rented


def _doing(actions: Sequence[Action]) -> str:
    for action in actions:
        if isinstance(action, Launch):
            boot = f", {action.boot.sentence}" if action.boot else ""
            return f"renting a {action.offer.gpu} for ${action.offer.usd_per_hour:.3f}/h{boot}"
        if isinstance(action, Unpark):
            return f"waking a parked {action.machine.row.gpu}"
    ended = [action.reason for action in actions if isinstance(action, Drain | Destroy)]
    if ended:
        return f"destroying {_count(len(ended), 'machine')} ({ended[0]})"
    parked = [action.reason for action in actions if isinstance(action, Park)]
    if parked:
        return f"parking {_count(len(parked), 'machine')} ({parked[0]})"
    orphans = sum(isinstance(action, DestroyOrphan) for action in actions)
    return f"destroying {_count(orphans, 'machine')} that nobody ordered" if orphans else ""


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
