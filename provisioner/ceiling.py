"""How many machines the owner allows for a while, and who goes where there are more. Pure."""

from collections.abc import Collection, Sequence

from provisioner.lifecycle import STARTING, State
from provisioner.observation import Machine, Observation
from tasks.schema import WorkerState


def objection(seen: Observation) -> str:
    """Why not one more may run, whatever is still on its way out; "" where one may."""
    if seen.most is None or len([one for one in seen.machines if one.state is not State.PARKED]) < seen.most:
        return ""
    return f"at most {seen.most} at once, ordered by hand"


def beyond(machines: Sequence[Machine], most: int | None, *, told: Collection[str]) -> frozenset[str]:
    """The ids of those that are to go; `told` are those of earlier passes, who take no job any more and stay chosen.

    First whoever idles longest, then what only starts, then who draws: the youngest, which has loaded the least.
    """
    there = [one for one in machines if one.state is State.READY or one.state in STARTING]
    going = [one for one in there if one.row.id in told]
    rest = sorted((one for one in there if one not in going and not one.is_leaving), key=_reluctance)
    excess = 0 if most is None else max(0, len(rest) - most)
    return frozenset(one.row.id for one in [*going, *rest[:excess]])


def _reluctance(machine: Machine) -> tuple[int, float]:
    if machine.heartbeat is not None and machine.heartbeat.state is WorkerState.DRAINING:
        return 0, 0.0  # an earlier process of ours told it
    if machine.idle_s is not None:
        return 1, -machine.idle_s
    return (2 if machine.state in STARTING else 3), -machine.row.intended_at.timestamp()
