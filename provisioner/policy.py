"""What one pass of the fleet does: evidence up, inertia down, park before destroy. Pure."""

from dataclasses import dataclass
from functools import cached_property

from config.registry import Fleet, Profile, point_of
from config.scaling import OperatingPoint
from provisioner import budget, ceiling, idling, lifecycle, sizing, wording
from provisioner.actions import Action, Destroy, Drain, Launch, Plan, Unpark
from provisioner.idling import Idling
from provisioner.lifecycle import State
from provisioner.observation import Machine, Market, Observation
from provisioner.reconcile import reconcile
from provisioner.sizing import Want

MAX_LISTING_AGE_S = 60.0


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What the owner configured. `refusal` says why nothing may be rented at all (no key, no reachable Redis).

    `can_park`: a stopped machine keeps its disk and wakes with image and weights.
    """

    fleet: Fleet
    profile: Profile
    refusal: str = ""
    can_park: bool = False
    orphan_grace_s: float = lifecycle.ORPHAN_GRACE_S
    unresolved_gap_s: float = lifecycle.UNRESOLVED_GAP_S

    @cached_property
    def point(self) -> OperatingPoint:
        """How eager the fleet is."""
        return point_of(self.fleet, self.profile)


def wanted(seen: Observation, rules: Rules) -> Want:
    """How many workers there should be, own ones included."""
    is_warm = bool(rules.fleet.warm_hours) and sizing.is_warm_hour(rules.fleet, seen.now)
    return sizing.want(seen.demand, rules.point, is_warm_hour=is_warm)


def wants_offer(seen: Observation, rules: Rules) -> bool:
    """Whether the market must be looked up: only then, since clouds ration their searches."""
    staying = _staying(seen, reconcile(seen, rules.profile))
    if _shortage(seen, staying, wanted(seen, rules)) <= 0 or _wakeable(seen, rules):
        return False
    return not _objection(seen, rules)


def plan(seen: Observation, market: Market, rules: Rules) -> Plan:
    """All that this pass does, with the reason for each action and one sentence for people.

    At most one machine is rented or woken per pass: the next pass sees what became of it.
    """
    actions = reconcile(
        seen, rules.profile, orphan_grace_s=rules.orphan_grace_s, unresolved_gap_s=rules.unresolved_gap_s
    )
    staying, want = _staying(seen, actions), wanted(seen, rules)
    verdict = _verdict_on_all(seen, rules.fleet)
    if verdict:
        doomed = [*_running(seen, actions), *_asleep(seen, actions)]
        actions, staying = [*actions, *(Destroy(one, verdict) for one in doomed)], []
    more, blocked = _more(seen, staying, market, rules, want)
    if more is None:
        can = Idling(point=rules.point, can_park=rules.can_park and seen.parking_pays)
        actions += idling.surplus(seen, staying, wanted=want.workers, rules=can)
    else:
        actions.append(more)
    touched = {one.machine.row.id for one in actions if isinstance(one, Destroy | Unpark)}
    actions += idling.stale(seen, rules.point, touched=touched)
    sentence = wording.sentence(seen, want=want, actions=actions, blocked=blocked)
    return Plan(actions=tuple(actions), sentence=sentence, blocked=blocked)


def _verdict_on_all(seen: Observation, fleet: Fleet) -> str:
    """Why no machine may stay, whatever it does; "" while there is no reason."""
    if budget.day_is_spent(fleet, seen.spending):
        return f"{budget.day_cap_name(fleet, seen.spending)} is reached"
    if budget.month_is_spent(fleet, seen.spending):
        return "max_usd_per_month is reached"
    if seen.held:
        return seen.held
    if seen.blind_s is not None and seen.blind_s > lifecycle.BLIND_S:
        return f"Redis has not answered for {seen.blind_s:.0f} s, so nobody can work"
    return ""


def _staying(seen: Observation, actions: list[Action]) -> list[Machine]:
    """What counts as capacity: it takes jobs, or will."""
    return [machine for machine in _running(seen, actions) if not machine.is_leaving]


def _running(seen: Observation, actions: list[Action]) -> list[Machine]:
    """Ready or on its way, and not ended by this very pass."""
    ended = {action.machine.row.id for action in actions if isinstance(action, Destroy | Drain)}
    capacity = lifecycle.STARTING | {State.READY}
    return [machine for machine in seen.machines if machine.state in capacity and machine.row.id not in ended]


def _asleep(seen: Observation, actions: list[Action]) -> list[Machine]:
    ended = {action.machine.row.id for action in actions if isinstance(action, Destroy | Drain)}
    return [machine for machine in idling.parked(seen) if machine.row.id not in ended]


def _wakeable(seen: Observation, rules: Rules) -> list[Machine]:
    return idling.parked(seen) if rules.can_park else []


def _shortage(seen: Observation, staying: list[Machine], want: Want) -> int:
    return want.workers - len(staying) - seen.own_workers


def _more(
    seen: Observation, staying: list[Machine], market: Market, rules: Rules, want: Want
) -> tuple[Launch | Unpark | None, str]:
    """The machine to wake or to rent, or the reason why a missing one is not rented."""
    if _shortage(seen, staying, want) <= 0:
        return None, ""
    reason = wording.why_rented(seen.demand, want=want, have=len(staying))
    woken = _wake(seen, rules, reason)
    if woken is not None:
        return woken, ""
    return _launch(seen, market, rules, reason)


def _wake(seen: Observation, rules: Rules, reason: str) -> Unpark | None:
    """Unpark before renting: it has the image and the weights, and it is there already."""
    if seen.blind_s is not None or rules.refusal or seen.paused or ceiling.objection(seen):
        return None
    for machine in _wakeable(seen, rules):
        price = machine.row.usd_per_hour - machine.row.storage_usd_per_hour
        lost = machine.listed is None or machine.missing_s > 0
        if not lost and not budget.money(
            rules.fleet, seen.spending, usd_per_hour=price, session_s=_session_s(seen, rules)
        ):
            return Unpark(machine, reason)
    return None


def _launch(seen: Observation, market: Market, rules: Rules, reason: str) -> tuple[Launch | None, str]:
    objection = _objection(seen, rules) or market.problem
    if objection:
        return None, objection
    if seen.since_last_intent_s is not None and seen.since_last_intent_s < market.create_interval_s:
        return None, ""  # the provider rations creates; the next pass is soon
    for offer in market.offers:
        once_usd = market.download_gb * offer.usd_per_gb_down
        objection = _budget(seen, rules, usd_per_hour=offer.usd_per_hour, once_usd=once_usd)
        if not objection:
            boot = market.boots.get(offer.id)
            return Launch(offer, f"{reason}; {boot.sentence}" if boot else reason, boot), ""
    return None, objection or "no offer fits the profile"


def _objection(seen: Observation, rules: Rules) -> str:
    """Why nothing may be rented now, whatever the offer."""
    by_owner = rules.refusal or seen.held or seen.paused or ceiling.objection(seen)
    if by_owner:
        return by_owner
    if seen.blind_s is not None:
        return "Redis does not answer"
    if seen.unresolved:
        return "an earlier order has not been answered; it is looked for before anything else is rented"
    if seen.listing_age_s is None or seen.listing_age_s > MAX_LISTING_AGE_S:
        return f"the provider's list of machines cannot be trusted: {seen.listing_problem or 'none came yet'}"
    return _budget(seen, rules)


def _budget(seen: Observation, rules: Rules, *, usd_per_hour: float = 0.0, once_usd: float = 0.0) -> str:
    session_s = _session_s(seen, rules)
    return budget.objection(
        rules.fleet, seen.spending, usd_per_hour=usd_per_hour, session_s=session_s, once_usd=once_usd
    )


def _session_s(seen: Observation, rules: Rules) -> float:
    """The least that a machine is paid for: it boots, and idles before it ends."""
    return seen.boot_estimate_s + rules.point.idle_rest_s
