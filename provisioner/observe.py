"""Looks at ledger, Redis and provider, and says what is so. Decides nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import median

import structlog
from redis import Redis
from redis.exceptions import RedisError

from provisioner import ceiling, costs, wakes
from provisioner.broker import BrokerView, read_broker
from provisioner.budget import Spending
from provisioner.lifecycle import DEAF_AFTER_S, State
from provisioner.observation import Demand, Machine, Observation, Orphan
from provisioner.providers.base import Listed, Provider, Snapshot, Status
from provisioner.sightings import Since
from tasks import estimate
from tasks.ledger import FleetOrder, Instance, Job, Ledger
from tasks.ledger.orders import AT_LEAST, AT_MOST, BUDGET, DOWN, PAUSE, UP, drain_order, park_order, wake_order
from tasks.lifecycle import WAITING_FOR_GPU, JobState
from tasks.schema import Heartbeat, WorkerState, age_s

log = structlog.get_logger()

DEFAULT_BOOT_S = 180.0
_CREATES_WINDOW = timedelta(minutes=10)
_MEMORY = timedelta(hours=24)
_LOAD_WINDOW = timedelta(minutes=15)
_AVOID = timedelta(hours=1)
_SILENT_S = 10.0
# A listing that hides machines is taken for a lie for so long; then each is ended by its id, whatever the list says.
_LIE_S = 120.0


@dataclass(frozen=True, kw_only=True)
class Sight:
    """One look at everything: the fleet's side and the jobs' side of the same moment."""

    observation: Observation
    broker: BrokerView
    jobs: Sequence[Job]


@dataclass(frozen=True)
class _Ground:
    """Our own side of one moment."""

    now: datetime
    jobs: Sequence[Job]
    broker: BrokerView
    rows: Sequence[Instance]
    blind_s: float | None

    def beat_of(self, worker_id: str) -> str:
        """Changes with each heartbeat, whatever its clock says."""
        heartbeat = self.broker.heartbeats.get(worker_id)
        return f"{worker_id}@{heartbeat.at.isoformat() if heartbeat else ''}"


class Observer:
    """Remembers since when things have been so; everything else is read afresh on each look."""

    def __init__(
        self,
        ledger: Ledger,
        redis: Redis,
        *,
        provider: Provider | None,
        deployment: str,
        checkpoints: Sequence[str],
        max_age_h: float | None = None,
        counts_load: bool = False,
    ) -> None:
        self._ledger = ledger
        self._redis = redis
        self._provider = provider
        self._prefix = label_prefix(deployment)
        self._checkpoints = checkpoints
        self._max_age_h = max_age_h
        self._counts_load = counts_load
        self._listed_at: datetime | None = None
        self._broker = BrokerView()
        self._blind = Since()
        self._hidden = Since()
        self._missing = Since()
        self._orphans = Since()
        self._still: dict[str, datetime | None] = {}
        self._beats = Since()
        self._ended: dict[str, datetime] = {}
        self._let_go: frozenset[str] = frozenset()

    def accepted_end(self, instance_id: str, *, now: datetime) -> None:
        """The provider accepted the end of a machine; a listing made after `now` may prove it."""
        self._ended[instance_id] = now

    def look(self, now: datetime) -> Sight:
        """Everything at `now`.

        Without Redis machines must still be ended: its last known view is used, and `blind_s` says so.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: without the ledger nobody knows what is ours.
        """
        ground = self._ground(now)
        if ground.blind_s is None:
            self._beats.saw((ground.beat_of(row.id) for row in ground.rows), now=now)
        snapshot = self._snapshot(ground)
        orders = self._ledger.orders.current(now=now)
        machines = self._within(_amount(orders.get(AT_MOST)), self._machines(ground, snapshot, orders))
        orphans = self._find_orphans(ground, snapshot)
        seen = self._observation(ground, snapshot, machines, orphans, orders)
        return Sight(observation=seen, broker=ground.broker, jobs=ground.jobs)

    def _ground(self, now: datetime) -> _Ground:
        jobs = self._ledger.jobs.outstanding()
        # What was published in Discord after our start has a queue, too: its jobs name it.
        checkpoints = {*self._checkpoints, *filter(None, map(_checkpoint_of, jobs))}
        blind: tuple[str, ...] = ()
        try:
            self._broker = read_broker(self._redis, checkpoints=sorted(checkpoints), job_ids=[job.id for job in jobs])
        except RedisError as error:
            log.warning("redis does not answer; machines are managed without it", error=type(error).__name__)
            blind = ("redis",)
        self._blind.saw(blind, now=now)
        blind_s = self._blind.seconds("redis", now=now) if blind else None
        return _Ground(now, jobs, self._broker, self._ledger.instances.live(), blind_s)

    def _observation(
        self,
        ground: _Ground,
        snapshot: Snapshot,
        machines: tuple[Machine, ...],
        orphans: tuple[Orphan, ...],
        orders: Mapping[str, FleetOrder],
    ) -> Observation:
        now = ground.now
        recent = self._ledger.instances.intended_since(now - _MEMORY)
        rented = {row.id for row in (*ground.rows, *recent)}
        demand = replace(self._demand(ground), standby=max(int(UP in orders), _amount(orders.get(AT_LEAST)) or 0))
        own = [
            one
            for one in ground.broker.heartbeats.values()
            if one.worker_id not in rented and _is_capacity(one, oldest_waiting_s=demand.oldest_waiting_s)
        ]
        return Observation(
            now=now,
            demand=demand,
            spending=replace(
                self._spending(machines, orphans, recent, now=now),
                budget_usd=orders[BUDGET].amount if BUDGET in orders else None,
            ),
            machines=machines,
            orphans=orphans,
            own_workers=len(own),
            listing_age_s=None if self._listed_at is None else age_s(self._listed_at, now=now),
            listing_problem=snapshot.problem,
            blind_s=ground.blind_s,
            since_last_intent_s=age_s(recent[-1].intended_at, now=now) if recent else None,
            boot_estimate_s=boot_estimate_s(recent),
            max_age_h=self._max_age_h,
            held=_held(orders.get(DOWN)),
            most=_amount(orders.get(AT_MOST)),
            paused=f"paused by hand, {orders[PAUSE].reason}" if PAUSE in orders else "",
            parking_pays=wakes.parking_pays(recent),
            avoided=frozenset(row.machine_id for row in recent if _failed_lately(row, now)),
        )

    # The provider's side.

    def _snapshot(self, ground: _Ground) -> Snapshot:
        if self._provider is None:
            return Snapshot(at=ground.now, complete=False, problem="no provider")
        snapshot = self._provider.snapshot(now=ground.now)
        doubt = self._doubt(ground, snapshot) if snapshot.complete else ""
        if doubt:
            snapshot = replace(snapshot, complete=False, problem=doubt)
        if snapshot.complete:
            self._listed_at = ground.now
        else:
            log.warning("machines cannot be listed", provider=self._provider.name, problem=snapshot.problem)
        return snapshot

    def _doubt(self, ground: _Ground, snapshot: Snapshot) -> str:
        """Why a listing that calls itself complete is not believed for a while; "" where it is.

        It hides a machine whose worker's heart beats, or all that should be there at once.
        """
        expected = [row for row in ground.rows if row.provider_instance_id and row.state != State.DESTROYING]
        hidden = [row for row in expected if _listing_of(row, snapshot) is None]
        self._hidden.saw((row.id for row in hidden), now=ground.now)
        odd = [row for row in hidden if len(hidden) == len(expected) or self._is_alive(row.id, ground)]
        recent = [row.id for row in odd if self._hidden.seconds(row.id, now=ground.now) < _LIE_S]
        return f"it does not show {recent[0]}, which should be there" if recent else ""

    def _is_alive(self, worker_id: str, ground: _Ground) -> bool:
        return worker_id in ground.broker.heartbeats and self._silent_s(worker_id, ground) < _SILENT_S

    def _silent_s(self, worker_id: str, ground: _Ground) -> float:
        if ground.blind_s is not None:
            return 0.0  # we would not have heard it
        return self._beats.seconds(ground.beat_of(worker_id), now=ground.now)

    def _machines(self, ground: _Ground, snapshot: Snapshot, orders: Mapping[str, FleetOrder]) -> tuple[Machine, ...]:
        now, rows = ground.now, ground.rows
        listed = {row.id: _listing_of(row, snapshot) for row in rows}
        if snapshot.complete:
            self._missing.saw((row.id for row in rows if listed[row.id] is None), now=now)
            self._still = {row.id: now if _is_still(listed[row.id]) else self._still.get(row.id) for row in rows}
        self._ended = {row.id: self._ended[row.id] for row in rows if row.id in self._ended}
        worked_at = self._ledger.jobs.last_worked_at([row.id for row in rows])
        at_work = _at_work(ground)
        return tuple(
            Machine(
                row=row,
                listed=listed[row.id],
                missing_s=self._missing.seconds(row.id, now=now) if snapshot.complete else 0.0,
                heartbeat=ground.broker.heartbeats.get(row.id),
                silent_s=self._silent_s(row.id, ground),
                holds_work=row.id in at_work,
                idle_s=_idle_s(row, worked_at.get(row.id), is_at_work=row.id in at_work, now=now),
                still_at=self._still.get(row.id),
                parked_s=None if row.parked_at is None else age_s(row.parked_at, now=now),
                waking_s=None if row.waking_at is None else age_s(row.waking_at, now=now),
                ordered=_ordered(row.id, orders),
                ended_at_provider=snapshot.complete and row.id in self._ended and self._ended[row.id] < now,
            )
            for row in rows
        )

    def _within(self, most: int | None, machines: tuple[Machine, ...]) -> tuple[Machine, ...]:
        """Those beyond the owner's number are ordered to end, like one that is named."""
        self._let_go = ceiling.beyond(machines, most, told=self._let_go)
        return tuple(replace(one, ordered="drain") if one.row.id in self._let_go else one for one in machines)

    def _find_orphans(self, ground: _Ground, snapshot: Snapshot) -> tuple[Orphan, ...]:
        listings = (_listing_of(row, snapshot) for row in ground.rows)
        known = {listed.provider_instance_id for listed in listings if listed is not None}
        found = [
            listed
            for listed in snapshot.instances
            if listed.label.startswith(self._prefix) and listed.provider_instance_id not in known
        ]
        ids = [listed.provider_instance_id for listed in found]
        self._orphans.saw(ids, now=ground.now, complete=snapshot.complete)
        return tuple(Orphan(listed=listed, seen_for_s=self._orphan_s(listed, now=ground.now)) for listed in found)

    def _orphan_s(self, listed: Listed, *, now: datetime) -> float:
        """From the second sight on its age counts: a process that restarts again and again must not let it live."""
        seen_s = self._orphans.seconds(listed.provider_instance_id, now=now)
        if not seen_s or listed.created_at is None:
            return seen_s
        return max(seen_s, age_s(listed.created_at, now=now))

    # Our own side.

    def _demand(self, ground: _Ground) -> Demand:
        jobs, broker, now = ground.jobs, ground.broker, ground.now
        learned = estimate.Experience(self._ledger.jobs.recent_speeds())
        waiting = [job for job in jobs if job.state in WAITING_FOR_GPU and not _is_handed_over(job, broker)]
        taken = {job_id for job_id, _ in broker.held}
        untaken = [job for job in waiting if job.state is JobState.QUEUED and job.id not in taken | set(broker.leases)]
        return Demand(
            jobs=len(waiting),
            seconds=sum(remaining_s(job, learned=learned, now=now) for job in waiting),
            users=len({job.user_id for job in waiting}),
            oldest_waiting_s=max((age_s(job.queued_at or now, now=now) for job in untaken), default=0.0),
            load=self._load(learned, now),
        )

    def _load(self, learned: estimate.Experience, now: datetime) -> float:
        """GPUs that the jobs of the last quarter of an hour would have kept busy; counted only where a rule asks."""
        if not self._counts_load:
            return 0.0
        units = self._ledger.jobs.units_since(now - _LOAD_WINDOW)
        return sum(learned.seconds(one) for one in units) / _LOAD_WINDOW.total_seconds()

    def _spending(
        self, machines: tuple[Machine, ...], orphans: tuple[Orphan, ...], recent: Sequence[Instance], *, now: datetime
    ) -> Spending:
        midnight, first = costs.midnight(now), costs.month_start(now)
        billed = self._ledger.instances.billed_since(first)
        lost_usd = sum(orphan.cost_usd for orphan in orphans)
        creates = [row for row in recent if row.intended_at > now - _CREATES_WINDOW and not costs.was_refused(row)]
        return Spending(
            instances=len(machines) + len(orphans),
            usd_per_hour=sum(costs.burn_usd_per_hour(machine.row) for machine in machines)
            + sum(orphan.listed.usd_per_hour for orphan in orphans),
            usd_today=lost_usd + costs.spent_usd(billed, since=midnight, until=now),
            usd_this_month=lost_usd + costs.spent_usd(billed, since=first, until=now),
            creates_last_10_min=len(creates),
        )


def _amount(order: FleetOrder | None) -> int | None:
    return None if order is None or order.amount is None else int(order.amount)


def _held(order: FleetOrder | None) -> str:
    return (
        "" if order is None else f"the fleet was taken down by hand ({order.reason}); python -m provisioner up lifts it"
    )


def _ordered(instance_id: str, orders: Mapping[str, FleetOrder]) -> str:
    """Who is to end is neither parked nor woken before."""
    names = {"drain": drain_order, "park": park_order, "wake": wake_order}
    return next((what for what, name_of in names.items() if name_of(instance_id) in orders), "")


def label_prefix(deployment: str) -> str:
    """What every label of this deployment begins with; two deployments on one account never touch each other."""
    return f"easel/{deployment}/"


def remaining_s(job: Job, *, learned: estimate.Experience, now: datetime) -> float:
    """Predicted seconds of work that are left, by what finished jobs took."""
    total = learned.seconds(job.predicted_units)
    if job.state is not JobState.CLAIMED or job.claimed_at is None:
        return total
    return max(0.0, total - age_s(job.claimed_at, now=now))


def boot_estimate_s(recent: Sequence[Instance]) -> float:
    """Seconds from intent to ready: the median of the machines that got there, else a guess."""
    boots = [age_s(row.intended_at, now=row.ready_at) for row in recent if row.ready_at is not None]
    return median(boots) if boots else DEFAULT_BOOT_S


def _checkpoint_of(job: Job) -> str:
    """Its queue; nothing for a row that cannot be read, which must hide no other."""
    checkpoint = job.spec_json.get("checkpoint")
    return str(checkpoint.get("id", "")) if isinstance(checkpoint, dict) else ""


def _listing_of(row: Instance, snapshot: Snapshot) -> Listed | None:
    """By the provider's id once that is known, before by the label; a second machine under one label is an orphan."""
    for listed in snapshot.instances:
        if row.provider_instance_id is None:
            if listed.label == row.label:
                return listed
        elif listed.provider_instance_id == row.provider_instance_id:
            return listed
    return None


def _is_still(listed: Listed | None) -> bool:
    return listed is None or listed.status in (Status.ALLOCATING, Status.PULLING)


def _is_handed_over(job: Job, broker: BrokerView) -> bool:
    """Its worker is done, and the courier has not read the news: no GPU is needed, however long that takes."""
    message = (job.id, job.epoch)
    return job.id in broker.reported and message not in broker.waiting and message not in broker.held


def _at_work(ground: _Ground) -> set[str]:
    broker, jobs = ground.broker, ground.jobs
    drawing = {job.id for job in jobs if job.state in WAITING_FOR_GPU}
    current = {(job.id, job.epoch) for job in jobs if job.id in drawing}
    holders = {worker for message, worker in broker.held.items() if message in current}
    leaseholders = {worker for job_id, (worker, _) in broker.leases.items() if job_id in drawing}
    claimants = {job.worker_id for job in jobs if job.state is JobState.CLAIMED and job.worker_id}
    return holders | leaseholders | claimants


def _idle_s(row: Instance, worked_at: datetime | None, *, is_at_work: bool, now: datetime) -> float | None:
    """By what our own side knows of its work: a machine that calls itself busy without a job is idle."""
    if row.ready_at is None or row.state in (State.PARKED, State.WAKING) or is_at_work:
        return None
    return age_s(max(row.ready_at, worked_at or row.ready_at, row.idle_since or row.ready_at), now=now)


def _failed_lately(row: Instance, now: datetime) -> bool:
    """It cost time and money and never took a job."""
    existed = row.provider_instance_id is not None and row.state in (State.DESTROYING, State.DESTROYED)
    return existed and row.ready_at is None and row.intended_at > now - _AVOID


def _is_capacity(heartbeat: Heartbeat, *, oldest_waiting_s: float) -> bool:
    """Whether a worker of one's own takes what waits: one that is idle meanwhile serves other checkpoints."""
    if heartbeat.state is WorkerState.IDLE:
        return oldest_waiting_s <= DEAF_AFTER_S
    return heartbeat.state is WorkerState.BUSY
