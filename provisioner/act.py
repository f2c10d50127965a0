"""Carries a plan out. Every action may be repeated: the ledger's compare-and-set decides whether it still applies."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

import structlog
from redis import Redis
from redis.exceptions import RedisError

from provisioner import costs
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
    Launch,
    Park,
    Plan,
    RepeatDestroy,
    Unpark,
)
from provisioner.broker import holds_work, read_heartbeats
from provisioner.credentials import WorkerUsers
from provisioner.launching import Launcher
from provisioner.lead import Lead
from provisioner.lifecycle import DESTROYABLE, State, sources_of
from provisioner.observation import Machine
from provisioner.observe import Observer
from provisioner.parking import Parker
from provisioner.providers.base import Destroyed, Listed, Pending, Provider, Status
from tasks import keys
from tasks.ledger import Instance, Ledger, NoLongerLeader
from tasks.ledger.orders import drain_order
from tasks.lifecycle import WAITING_FOR_GPU
from tasks.schema import WorkerState

log = structlog.get_logger()

_FIRST_PAUSE = timedelta(seconds=4)
# Whoever asks more rarely pays for a minute of GPU after each outage; a destroy every 15 s is within what clouds allow.
LONGEST_PAUSE = timedelta(seconds=15)
# A listing may lag: only after so many accepted requests does a machine that is still listed deserve a warning.
_PATIENCE = 2
# A heartbeat that says busy, without any job on our side, keeps a machine for this much longer than the idle time.
_BENEFIT_OF_THE_DOUBT = 2.0


class Actor:
    """The only part of the fleet that changes anything."""

    def __init__(
        self,
        ledger: Ledger,
        redis: Redis,
        provider: Provider,
        *,
        launcher: Launcher,
        users: WorkerUsers,
        observer: Observer,
        lead: Lead,
        idle_s: float,
        now: Callable[[], datetime],
    ) -> None:
        self._ledger = ledger
        self._redis = redis
        self._provider = provider
        self._launcher = launcher
        self._parker = Parker(ledger, redis, provider, lead=lead, now=now)
        self._users = users
        self._observer = observer
        self._lead = lead
        self._idle_s = idle_s
        self._now = now
        self._refusals: dict[str, tuple[int, datetime]] = {}
        self._handlers: dict[type, Callable[..., None]] = {
            Advance: self._advance,
            Doubt: self._doubt,
            Adopt: self._adopt,
            GiveUp: self._give_up,
            Drain: self._drain,
            Destroy: self._destroy_machine,
            RepeatDestroy: self._repeat_destroy,
            Bury: self._bury,
            DestroyOrphan: self._destroy_orphan,
            Launch: self._launcher.launch,
            Park: self._park,
            Unpark: lambda action: self._parker.unpark(action.machine.row, action.reason),
        }

    def carry_out(self, plan: Plan) -> bool:
        """Do everything that the plan says; returns whether all of it could be done.

        What fails is logged and comes again with the next plan; it keeps nothing else from being done.

        Raises:
            NoLongerLeader: another provisioner took over; the rest was not done.
        """
        results = [self._carry_out_one(action) for action in plan.actions]
        return all(results)

    def _carry_out_one(self, action: Action) -> bool:
        try:
            self._handlers[type(action)](action)
        except NoLongerLeader:
            raise
        except Exception:
            log.exception("action failed", action=type(action).__name__)
            return False
        return True

    # The way up.

    def _advance(self, action: Advance) -> None:
        row, now = action.machine.row, self._now()
        values: dict[str, object] = {}
        if action.running and row.running_at is None:
            values["running_at"] = min(now, action.machine.runs_since)
        if action.target is State.READY:
            values |= {"ready_at": row.ready_at or now, "idle_since": now}  # ready again, where it was woken
        moved = self._ledger.instances.move(row.id, action.target, sources=sources_of(action.target), **values)
        if moved is None:
            return
        age_s = round(action.machine.age_s(now), 1)
        if action.target is State.READY:
            log.info("worker ready", instance_id=row.id, gpu=row.gpu, seconds_since_intent=age_s)
        else:
            log.info("machine boots", instance_id=row.id, stage=action.target.value, seconds_since_intent=age_s)

    def _doubt(self, action: Doubt) -> None:
        row = action.machine.row
        log.warning("intent without an answer, its label is looked for", instance_id=row.id)
        self._ledger.instances.move(row.id, State.AMBIGUOUS, sources={State.INTENDED})

    def _adopt(self, action: Adopt) -> None:
        row, listed = action.machine.row, action.listed
        log.info("machine adopted", instance_id=row.id, provider_instance_id=listed.provider_instance_id)
        self._ledger.instances.move(
            row.id,
            State.ALLOCATING,
            sources={State.INTENDED, State.AMBIGUOUS},
            provider_instance_id=listed.provider_instance_id,
            created_at=row.intended_at,
        )

    def _give_up(self, action: GiveUp) -> None:
        row, now = action.machine.row, self._now()
        log.info("order given up: nothing was made", instance_id=row.id)
        self._ledger.orders.withdraw(drain_order(row.id))
        self._ledger.instances.move(
            row.id,
            State.DESTROYED,
            sources={State.AMBIGUOUS},
            destroying_at=now,
            destroyed_at=now,
            end_reason="never appeared at the provider",
        )

    # The way down.

    def _drain(self, action: Drain) -> None:
        row = action.machine.row
        moved = self._ledger.instances.move(
            row.id, State.DRAINING, sources={State.READY, State.DRAINING}, end_reason=action.reason
        )
        if moved is None:
            return
        if self._took_work(action.machine):
            log.info("worker took a job at the last moment", instance_id=row.id)
            self._ledger.instances.move(row.id, State.READY, sources={State.DRAINING}, end_reason=None)
            return
        log.info("worker idle", instance_id=row.id, gpu=row.gpu, reason=action.reason)
        self._destroy(row, action.reason)

    def _park(self, action: Park) -> None:
        if self._took_work(action.machine):
            log.info("worker took a job at the last moment", instance_id=action.machine.row.id)
            return
        self._parker.park(action.machine.row, action.reason)

    def _took_work(self, machine: Machine) -> bool:
        """The last look. What it takes between this and the revocation of its user, the sweep brings back."""
        jobs = {(job.id, job.epoch) for job in self._ledger.jobs.in_states(WAITING_FOR_GPU)}
        try:
            if holds_work(self._redis, machine.row.id, jobs=jobs):
                return True
            heartbeat = read_heartbeats(self._redis).get(machine.row.id)
        except RedisError:
            return False  # nobody works without Redis
        is_busy = heartbeat is not None and heartbeat.state is WorkerState.BUSY
        return is_busy and (machine.idle_s or 0) < _BENEFIT_OF_THE_DOUBT * self._idle_s

    def _destroy_machine(self, action: Destroy) -> None:
        row, listed = action.machine.row, action.machine.listed
        runs = listed is not None and listed.status is Status.RUNNING
        if runs and row.state == State.PARKED:
            self._destroy(row, action.reason, running_at=row.parked_at)  # its GPU was billed all the while
        elif runs and row.running_at is None:
            self._destroy(row, action.reason, running_at=action.machine.runs_since)
        else:
            self._destroy(row, action.reason)

    def _destroy(self, row: Instance, reason: str, **facts: object) -> None:
        """Revoke first, then destroy: what it held can go to another worker at once."""
        moved = self._ledger.instances.move(
            row.id, State.DESTROYING, sources=DESTROYABLE, destroying_at=self._now(), end_reason=reason[:500], **facts
        )
        if moved is None:
            return
        log.info("destroying", instance_id=row.id, gpu=row.gpu, reason=reason)
        try:
            self._users.revoke(row.id)
        except RedisError as error:
            log.warning("worker's redis user not removed yet", instance_id=row.id, error=type(error).__name__)
        self._ask_to_end(moved, moved.provider_instance_id)

    def _repeat_destroy(self, action: RepeatDestroy) -> None:
        row, listed = action.machine.row, action.machine.listed
        provider_instance_id = row.provider_instance_id or (listed.provider_instance_id if listed else None)
        if provider_instance_id and row.provider_instance_id is None:
            self._ledger.instances.note(row.id, provider_instance_id=provider_instance_id)
        if self._may_ask(row.id):
            self._ask_to_end(row, provider_instance_id)

    def _may_ask(self, key: str) -> bool:
        times, last = self._refusals.get(key, (0, None))
        if last is None:
            return True
        pause: timedelta = min(_FIRST_PAUSE * 2 ** (times - 1), LONGEST_PAUSE)
        return self._now() - last >= pause

    def _ask_to_end(self, row: Instance, provider_instance_id: str | None) -> None:
        if provider_instance_id is None:
            return
        self._lead.require()
        result = self._provider.destroy(provider_instance_id)
        now = self._now()
        times = self._refusals.get(row.id, (0, now))[0] + 1
        self._refusals[row.id] = (min(times, 10), now)
        if isinstance(result, Destroyed):
            self._observer.accepted_end(row.id, now=now)
        if isinstance(result, Pending) or times > _PATIENCE:
            reason = result.reason if isinstance(result, Pending) else "still listed"
            cost = round(costs.cost_usd(row, until=now), 4)
            log.warning(
                "not destroyed yet, money still runs", instance_id=row.id, reason=reason, times=times, cost_usd=cost
            )

    def _bury(self, action: Bury) -> None:
        row, now = action.machine.row, self._now()
        self._ledger.orders.withdraw(drain_order(row.id))
        moved = self._ledger.instances.move(row.id, State.DESTROYED, sources={State.DESTROYING}, destroyed_at=now)
        self._refusals.pop(row.id, None)
        if moved is None:
            return
        log.info(
            "instance destroyed",
            instance_id=row.id,
            gpu=row.gpu,
            cost_usd=round(costs.cost_usd(moved, until=now), 4),
            lived_s=round(action.machine.age_s(now), 1),
            reason=row.end_reason,
        )
        leftovers = (keys.unacked, keys.unacked_index, keys.unacked_mutex, keys.heartbeat)
        with suppress(RedisError):  # litter, not money
            self._redis.delete(*(name(row.id) for name in leftovers))

    def _destroy_orphan(self, action: DestroyOrphan) -> None:
        listed = action.listed
        if not self._may_ask(listed.provider_instance_id):
            return
        self._lead.require()
        log.warning(
            "destroying a machine that nobody ordered",
            label=listed.label,
            provider_instance_id=listed.provider_instance_id,
            seen_for_s=round(action.seen_for_s),
            usd_per_hour=listed.usd_per_hour,
        )
        self._note_cost(listed)
        price = f"{listed.usd_per_hour:.3f}"
        self._ledger.alerts.note(
            f"orphan:{listed.provider_instance_id}"[:100],
            "orphan",
            now=self._now(),
            gpu=listed.gpu or "?",
            label=listed.label,
            usd_per_hour=price,
        )
        self._provider.destroy(listed.provider_instance_id)
        times = self._refusals.get(listed.provider_instance_id, (0, None))[0] + 1
        self._refusals[listed.provider_instance_id] = (min(times, 10), self._now())

    def _note_cost(self, listed: Listed) -> None:
        """An order that was given up, and made after all: its cost belongs to that order, up to this moment."""
        row = self._ledger.instances.of_label(listed.label)
        if row is None or row.state != State.DESTROYED:
            return
        begun = row.created_at or row.intended_at
        self._ledger.instances.note(
            row.id,
            created_at=begun,
            running_at=row.running_at or (begun if listed.status is Status.RUNNING else None),
            destroyed_at=self._now(),
            provider_instance_id=row.provider_instance_id or listed.provider_instance_id,
        )
