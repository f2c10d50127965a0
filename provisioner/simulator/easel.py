"""The real policy as a scaler: the same `policy.plan` that spends money in production, shown a simulated world."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from config.registry import Fleet, Profile
from config.scaling import OperatingPoint
from provisioner import lifecycle, policy
from provisioner.actions import Destroy, Drain, Launch, Park, Plan, Unpark
from provisioner.budget import Spending
from provisioner.lifecycle import State
from provisioner.observation import Demand, Machine, Market, Observation
from provisioner.providers.base import Listed, Offer, Status
from provisioner.simulator.world import Worker, World
from tasks.ledger import Instance
from tasks.schema import Heartbeat, WorkerState

_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
_LOAD_WINDOW_S = 900.0
# As in the loop: soon while something is under way, and a look at the clock now and then for the floor.
_SOON_S, _FLOOR_PERIOD_S = 1.5, 60.0
_HEARTBEAT = Heartbeat(worker_id="simulated", state=WorkerState.IDLE, since=_EPOCH, at=_EPOCH)
# Far beyond what the market's own bound allows: here the rules compete, not the caps.
_UNCAPPED = Fleet(max_instances=100, max_usd_per_hour=1e6, max_usd_per_day=1e6, max_creates_per_10_min=10_000)


@dataclass
class _Known:
    """The ledger's row of a worker, and which stage it shows."""

    row: Instance
    listed: Listed
    stage: State


class EaselScaler:
    """Shows the policy what the observer would show it, and carries its plan out."""

    on_events = True
    period_s = 0.0

    def __init__(
        self, point: OperatingPoint, *, name: str = "easel", can_park: bool = True, deadline_s: float = 600.0
    ) -> None:
        self.name = name
        profile = Profile(id="simulated", image="image", boot_deadline_s=deadline_s)
        self.rules = policy.Rules(
            fleet=_UNCAPPED.model_copy(update={"scaling": point}), profile=profile, can_park=can_park
        )
        self._known: dict[int, _Known] = {}
        self._market: Market | None = None

    def decide(self, world: World) -> float:
        """One pass of the loop."""
        if not world.machines and not world.in_flight:
            return self._floor_rest(world)
        plan = policy.plan(self.observe(world), self._offers(world), self.rules)
        self._carry_out(plan, world)
        return _SOON_S if plan.actions else self._rest(world)

    def observe(self, world: World) -> Observation:
        """What the policy sees of the world."""
        now = _EPOCH + timedelta(seconds=world.now)
        self._known = {key: known for key, known in self._known.items() if key in world.machines}
        machines = tuple(self._machine(worker, world) for worker in world.machines.values())
        return Observation(
            now=now,
            demand=self._demand(world),
            spending=Spending(instances=len(machines), usd_per_hour=0.0, usd_today=0.0, creates_last_10_min=0),
            machines=machines,
            listing_age_s=0.0,
            since_last_intent_s=None if world.launched_at is None else world.now - world.launched_at,
        )

    def _demand(self, world: World) -> Demand:
        has_floor = self.rules.point.workers_per_load > 0
        return Demand(
            jobs=world.in_flight,
            seconds=world.outstanding_s(),
            users=len(world.users),
            load=world.load_within(_LOAD_WINDOW_S) if has_floor else 0.0,
        )

    def _machine(self, worker: Worker, world: World) -> Machine:
        known = self._known.get(worker.id) or self._learn(worker, world)
        if known.stage is not worker.stage:
            known.row.state, known.stage = worker.stage.value, worker.stage
            known.listed = _listed(worker)
        if worker.stage is State.WAKING and worker.running_since is not None:
            known.listed = _listed(worker)
        now, stage = world.now, worker.stage
        return Machine(
            row=known.row,
            listed=known.listed,
            heartbeat=_HEARTBEAT if stage is State.READY else None,
            idle_s=now - worker.idle_since if worker.is_idle else None,
            parked_s=now - worker.parked_at if stage is State.PARKED else None,
            waking_s=now - worker.waking_at if stage is State.WAKING else None,
        )

    def _learn(self, worker: Worker, world: World) -> _Known:
        row = Instance(
            id=str(worker.id),
            label=f"simulated/{worker.id}",
            state=worker.stage.value,
            provider_instance_id=str(worker.id),
            gpu="simulated GPU",
            usd_per_hour=world.market.usd_per_hour,
            storage_usd_per_hour=world.market.storage_usd_per_hour,
            intended_at=_EPOCH + timedelta(seconds=worker.created_s),
        )
        self._known[worker.id] = known = _Known(row, _listed(worker), worker.stage)
        return known

    def _offers(self, world: World) -> Market:
        if self._market is None:
            offer = Offer(
                id="simulated",
                machine_id="simulated",
                gpu="simulated GPU",
                usd_per_hour=world.market.usd_per_hour,
                storage_usd_per_hour=world.market.storage_usd_per_hour,
                vram_gb=24,
                compute_capability=8.9,
                cuda=13.0,
                reliability=0.99,
                download_mbps=800,
            )
            self._market = Market(offers=(offer,))
        return self._market

    def _carry_out(self, plan: Plan, world: World) -> None:
        for action in plan.actions:
            if isinstance(action, Launch):
                world.launch()
            elif isinstance(action, Unpark):
                world.wake(world.machines[int(action.machine.row.id)])
            elif isinstance(action, Park):
                world.park(world.machines[int(action.machine.row.id)])
            elif isinstance(action, Destroy | Drain):
                world.end(world.machines[int(action.machine.row.id)])

    def _rest(self, world: World) -> float:
        """Seconds until a timer of the policy may run out; all else is an event."""
        point, now = self.rules.point, world.now
        due = [self._floor_rest(world)]
        for worker in world.machines.values():
            if worker.is_idle:
                due += [worker.idle_since + point.idle_rest_s - now, worker.idle_since + point.idle_last_s - now]
            elif worker.stage is State.PARKED:
                due.append(worker.parked_at + point.parked_s - now)
            elif worker.stage is State.WAKING:
                due.append(worker.waking_at + lifecycle.UNPARK_S - now)
            elif worker.stage is not State.READY:
                due.append(max(worker.created_s, worker.waking_at) + self.rules.profile.boot_deadline_s - now)
        return min((seconds + 0.01 for seconds in due if seconds > 0), default=math.inf)

    def _floor_rest(self, world: World) -> float:
        """A floor falls as time passes, without any event."""
        has_floor = self.rules.point.workers_per_load > 0
        return _FLOOR_PERIOD_S if has_floor and world.arrivals_within(_LOAD_WINDOW_S) else math.inf


def _listed(worker: Worker) -> Listed:
    """The provider's word: a container that does not run is loaded or stopped."""
    still = Status.PULLING if worker.stage is State.PULLING else Status.STOPPED
    status = still if worker.running_since is None else Status.RUNNING
    return Listed(provider_instance_id=str(worker.id), label=f"simulated/{worker.id}", status=status)
