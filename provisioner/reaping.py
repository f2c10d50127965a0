"""Ends machines by hand: needs no running provisioner, no Redis and, if it must be, no ledger."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from provisioner import costs
from provisioner.lifecycle import DESTROYABLE, State
from provisioner.observe import label_prefix
from provisioner.providers.base import Destroyed, Listed, Provider
from tasks.ledger import Instance, Ledger
from tasks.schema import age_s

ROUNDS = 8
REASON = "reaped by hand"


@dataclass(frozen=True, kw_only=True)
class Victim:
    """A machine with our label. `row` is its live intent; without one it is an orphan. Cost in US dollars so far."""

    listed: Listed
    row: Instance | None
    cost_usd: float | None

    @property
    def is_orphan(self) -> bool:
        """Whether no live intent knows it."""
        return self.row is None


@dataclass(frozen=True, kw_only=True)
class Catch:
    """What the provider lists under our label. `problem` says why the list may be incomplete."""

    victims: tuple[Victim, ...]
    problem: str


def find(provider: Provider, ledger: Ledger | None, *, deployment: str, now: datetime, orphans: bool = False) -> Catch:
    """Everything with our label, or only what no live intent knows."""
    snapshot = provider.snapshot(now=now)
    live = [] if ledger is None else ledger.instances.live()
    ours = [listed for listed in snapshot.instances if listed.label.startswith(label_prefix(deployment))]
    victims = tuple(_victim(listed, live, now) for listed in ours)
    if orphans:
        victims = tuple(victim for victim in victims if victim.is_orphan)
    problem = "" if snapshot.complete else snapshot.problem or "the list is incomplete"
    return Catch(victims=victims, problem=problem)


def destroy(
    victims: Sequence[Victim],
    provider: Provider,
    ledger: Ledger | None,
    *,
    now: Callable[[], datetime],
    sleep: Callable[[float], None],
    pause_s: float,
) -> tuple[Victim, ...]:
    """End them, asking again until a complete listing shows none; returns those that may still cost money."""
    left = tuple(victims)
    for victim in left:
        _note_end(ledger, victim, now())
    for number in range(ROUNDS):
        if not left:
            break
        if number:
            sleep(pause_s)
        accepted = [_end(provider, victim, sleep, pause_s) for victim in left]
        snapshot = provider.snapshot(now=now())
        shown = {listed.provider_instance_id for listed in snapshot.instances}
        gone = [
            ok and snapshot.complete and victim.listed.provider_instance_id not in shown
            for victim, ok in zip(left, accepted, strict=True)
        ]
        for victim, is_gone in zip(left, gone, strict=True):
            if is_gone:
                _note_gone(ledger, victim, now())
        left = tuple(victim for victim, is_gone in zip(left, gone, strict=True) if not is_gone)
    return left


def _victim(listed: Listed, live: Sequence[Instance], now: datetime) -> Victim:
    known = [
        row
        for row in live
        if row.label == listed.label and row.provider_instance_id in (None, listed.provider_instance_id)
    ]
    row = known[0] if known else None
    if row is not None:
        return Victim(listed=listed, row=row, cost_usd=costs.cost_usd(row, until=now))
    age = None if listed.created_at is None else age_s(listed.created_at, now=now)
    cost = None if age is None else age / 3600 * listed.usd_per_hour
    return Victim(listed=listed, row=None, cost_usd=cost)


def _end(provider: Provider, victim: Victim, sleep: Callable[[float], None], pause_s: float) -> bool:
    accepted = isinstance(provider.destroy(victim.listed.provider_instance_id), Destroyed)
    sleep(pause_s)  # clouds ration destroys, too
    return accepted


def _note_end(ledger: Ledger | None, victim: Victim, now: datetime) -> None:
    if ledger is not None and victim.row is not None:
        ledger.instances.move(
            victim.row.id,
            State.DESTROYING,
            sources=DESTROYABLE,
            provider_instance_id=victim.listed.provider_instance_id,
            destroying_at=now,
            end_reason=REASON,
        )


def _note_gone(ledger: Ledger | None, victim: Victim, now: datetime) -> None:
    if ledger is not None and victim.row is not None:
        ledger.instances.move(victim.row.id, State.DESTROYED, sources={State.DESTROYING}, destroyed_at=now)
