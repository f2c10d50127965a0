"""Which machines have been idle or parked for too long, and what becomes of them: park before destroy. Pure."""

from dataclasses import dataclass

from config.scaling import OperatingPoint
from provisioner import lifecycle
from provisioner.actions import Action, Destroy, Drain, Park
from provisioner.lifecycle import State
from provisioner.observation import Machine, Observation

# A disk that costs more than this share of the machine is not worth keeping for hours.
MAX_STORAGE_SHARE = 0.05
# A cloud that cannot be asked ends nothing either: for so much longer an idle worker may still draw for its money.
OUTAGE_PATIENCE_S = 600.0


@dataclass(frozen=True, kw_only=True)
class Idling:
    """What decides over idle machines: the point's times, and whether the provider can park at all."""

    point: OperatingPoint
    can_park: bool


def surplus(seen: Observation, staying: list[Machine], *, wanted: int, rules: Idling) -> list[Action]:
    """Park or end what idles beyond its time, longest idle first, as far as it is more than `wanted`.

    Whoever is told to end loses its Redis user at once, and where the cloud is out it would be paid for all the same.
    """
    if seen.blind_s is not None:
        return []  # nobody can tell who works
    idle = sorted((one for one in staying if one.idle_s is not None), key=lambda one: -(one.idle_s or 0))
    if seen.demand.oldest_waiting_s > lifecycle.DEAF_AFTER_S:
        return [
            Drain(one, "idle while jobs wait: it takes none")
            for one in idle
            if (one.idle_s or 0) > rules.point.idle_rest_s
        ]
    patience_s = OUTAGE_PATIENCE_S if seen.listing_problem else 0.0
    slots = rules.point.park_slots - len(parked(seen)) if rules.can_park else 0
    left, actions = len(staying) + seen.own_workers, list[Action]()
    for one in idle:
        limit_s = patience_s + (rules.point.idle_rest_s if left > 1 else rules.point.idle_last_s)
        if left <= wanted or (one.idle_s or 0) <= limit_s:
            break
        left -= 1
        ending = _end(one, has_slot=slots > 0, is_last=left == 0)
        slots -= isinstance(ending, Park)
        actions.append(ending)
    return actions


def parked(seen: Observation) -> list[Machine]:
    """The parked machines, the one that was parked last first: its GPU is the likeliest to be still free.

    Not those that are ordered to end: they neither wake nor take up a slot.
    """
    found = (machine for machine in seen.machines if machine.state is State.PARKED and not machine.is_leaving)
    return sorted(found, key=lambda machine: machine.parked_s or 0)


def stale(seen: Observation, point: OperatingPoint, *, touched: set[str]) -> list[Action]:
    """The parked machines whose disks have been paid for long enough."""
    return [
        Destroy(machine, f"parked for {(machine.parked_s or 0) / 3600:.1f} h, and nobody needed it")
        for machine in parked(seen)
        if (machine.parked_s or 0) > point.parked_s and machine.row.id not in touched
    ]


def _end(machine: Machine, *, has_slot: bool, is_last: bool) -> Action:
    reason = f"idle for {machine.idle_s:.0f} s" + (", the last one" if is_last else "")
    cheap = machine.row.storage_usd_per_hour <= MAX_STORAGE_SHARE * machine.row.usd_per_hour
    return Park(machine, reason) if has_slot and cheap else Drain(machine, reason)
