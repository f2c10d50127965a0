"""How many machines the queue deserves, and which are idle for too long: evidence up, inertia down. Pure."""

import math
from dataclasses import dataclass

from config.registry import Fleet, Profile
from provisioner import budget, lifecycle, wording
from provisioner.actions import Action, Destroy, Drain, Launch, Plan
from provisioner.lifecycle import State
from provisioner.observation import Demand, Machine, Market, Observation
from provisioner.reconcile import reconcile

MAX_LISTING_AGE_S = 60.0


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What the owner configured. `refusal` says why nothing may be rented at all (no key, no reachable Redis)."""

    fleet: Fleet
    profile: Profile
    refusal: str = ""
    orphan_grace_s: float = lifecycle.ORPHAN_GRACE_S
    unresolved_gap_s: float = lifecycle.UNRESOLVED_GAP_S


def wanted(demand: Demand, fleet: Fleet) -> int:
    """Workers that the outstanding work deserves: one per tolerated wait, never more than jobs, one from the first.

    What was ordered by hand stays up beside that.
    """
    if demand.jobs == 0:
        return demand.standby
    return max(1, demand.standby, min(demand.jobs, math.ceil(demand.seconds / fleet.tolerated_wait_s)))


def wants_offer(seen: Observation, rules: Rules) -> bool:
    """Whether the market must be looked up: only then, since clouds ration their searches."""
    staying = _staying(seen, reconcile(seen, rules.profile))
    return _shortage(seen, staying, rules.fleet) > 0 and not _objection(seen, rules)


def plan(seen: Observation, market: Market, rules: Rules) -> Plan:
    """All that this pass does, with the reason for each action and one sentence for people.

    At most one machine is rented per pass: the next pass sees what became of it.
    """
    actions = reconcile(
        seen, rules.profile, orphan_grace_s=rules.orphan_grace_s, unresolved_gap_s=rules.unresolved_gap_s
    )
    staying = _staying(seen, actions)
    verdict = _verdict_on_all(seen, rules.fleet)
    if verdict:
        asleep = [machine for machine in seen.machines if machine.state is State.PARKED]
        actions, staying = [*actions, *(Destroy(machine, verdict) for machine in [*staying, *asleep])], []
    launch, blocked = _launch(seen, staying, market, rules)
    if launch is None:
        actions += _idle(seen, staying, rules)
    else:
        actions.append(launch)
    sentence = wording.sentence(seen, want=wanted(seen.demand, rules.fleet), actions=actions, blocked=blocked)
    return Plan(actions=tuple(actions), sentence=sentence, blocked=blocked)


def _verdict_on_all(seen: Observation, fleet: Fleet) -> str:
    """Why no machine may stay, whatever it does; "" while there is no reason."""
    if budget.day_is_spent(fleet, seen.spending):
        return "max_usd_per_day is reached"
    if budget.month_is_spent(fleet, seen.spending):
        return "max_usd_per_month is reached"
    if seen.held:
        return seen.held
    if seen.blind_s is not None and seen.blind_s > lifecycle.BLIND_S:
        return f"Redis has not answered for {seen.blind_s:.0f} s, so nobody can work"
    return ""


def _staying(seen: Observation, actions: list[Action]) -> list[Machine]:
    """What counts as capacity: ready or on its way, and not ended by this very pass."""
    ended = {action.machine.row.id for action in actions if isinstance(action, Destroy | Drain)}
    capacity = lifecycle.STARTING | {State.READY}
    return [machine for machine in seen.machines if machine.state in capacity and machine.row.id not in ended]


def _shortage(seen: Observation, staying: list[Machine], fleet: Fleet) -> int:
    return wanted(seen.demand, fleet) - len(staying) - seen.own_workers


def _launch(seen: Observation, staying: list[Machine], market: Market, rules: Rules) -> tuple[Launch | None, str]:
    """The machine to rent, or the reason why a missing one is not rented."""
    if _shortage(seen, staying, rules.fleet) <= 0:
        return None, ""
    objection = _objection(seen, rules) or market.problem
    if objection:
        return None, objection
    if seen.since_last_intent_s is not None and seen.since_last_intent_s < market.create_interval_s:
        return None, ""  # the provider rations creates; the next pass is soon
    for offer in market.offers:
        once_usd = market.download_gb * offer.usd_per_gb_down
        objection = _budget(seen, rules, usd_per_hour=offer.usd_per_hour, once_usd=once_usd)
        if not objection:
            reason = wording.why_rented(seen.demand, want=wanted(seen.demand, rules.fleet), have=len(staying))
            return Launch(offer, reason), ""
    return None, objection or "no offer fits the profile"


def _objection(seen: Observation, rules: Rules) -> str:
    """Why nothing may be rented now, whatever the offer."""
    if rules.refusal:
        return rules.refusal
    if seen.held:
        return seen.held
    if seen.blind_s is not None:
        return "Redis does not answer"
    if seen.unresolved:
        return "an earlier order has not been answered; it is looked for before anything else is rented"
    if seen.listing_age_s is None or seen.listing_age_s > MAX_LISTING_AGE_S:
        return f"the provider's list of machines cannot be trusted: {seen.listing_problem or 'none came yet'}"
    return _budget(seen, rules)


def _budget(seen: Observation, rules: Rules, *, usd_per_hour: float = 0.0, once_usd: float = 0.0) -> str:
    session_s = seen.boot_estimate_s + rules.profile.idle_s
    return budget.objection(
        rules.fleet, seen.spending, usd_per_hour=usd_per_hour, session_s=session_s, once_usd=once_usd
    )


def _idle(seen: Observation, staying: list[Machine], rules: Rules) -> list[Action]:
    """The machines that have been idle for too long, longest first, as far as they are more than wanted."""
    if seen.blind_s is not None:
        return []  # nobody can tell who works
    limit_s = rules.profile.idle_s
    idle = [machine for machine in staying if machine.idle_s is not None and machine.idle_s > limit_s]
    idle.sort(key=lambda machine: -(machine.idle_s or 0))
    if seen.demand.oldest_waiting_s > lifecycle.DEAF_AFTER_S:
        return [Drain(machine, "idle while jobs wait: it takes none") for machine in idle]
    surplus = max(0, -_shortage(seen, staying, rules.fleet))
    return [Drain(machine, f"idle for {machine.idle_s:.0f} s") for machine in idle[:surplus]]
