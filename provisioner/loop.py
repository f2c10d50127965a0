"""The leader's loop: observe, plan, act, and sweep; woken by a new job or every few seconds. It never dies."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import structlog
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from provisioner import policy, status
from provisioner.act import Actor
from provisioner.actions import Launch, Plan
from provisioner.bookkeeping import Bookkeeper
from provisioner.credentials import WorkerUsers
from provisioner.last_resort import LastResort
from provisioner.lead import Lead
from provisioner.lifecycle import State
from provisioner.market import MarketWatch
from provisioner.observation import Market, Observation
from provisioner.observe import Observer, Sight
from provisioner.policy import Rules
from provisioner.sweeping import Sweeper
from tasks import life
from tasks.ledger import Instance, Ledger, NoLongerLeader

log = structlog.get_logger()

PERIOD_S = 5.0
# Something is under way at the provider: look again soon. Clouds allow a listing per second.
SOON_S = 1.5
LONGEST_PAUSE_S = 30.0


class Wake(Protocol):
    """Waits until somebody needs the fleet, the time is over, or the process shall end."""

    def wait(self, seconds: float) -> None:
        """Return after `seconds` at the latest."""
        ...

    @property
    def is_over(self) -> bool:
        """True once the process shall end."""
        ...


@dataclass(frozen=True)
class Hands:
    """What changes machines; absent where no provider is configured."""

    actor: Actor
    market: MarketWatch
    users: WorkerUsers
    last_resort: LastResort
    bookkeeper: Bookkeeper


class Loop:
    """One pass at a time; whatever fails in it is logged and comes again."""

    def __init__(
        self,
        ledger: Ledger,
        redis: Redis,
        *,
        lead: Lead,
        observer: Observer,
        rules: Rules,
        hands: Hands | None,
        sweeper: Sweeper,
        now: Callable[[], datetime],
    ) -> None:
        self._ledger = ledger
        self._redis = redis
        self._lead = lead
        self._observer = observer
        self._rules = rules
        self._hands = hands
        self._sweeper = sweeper
        self._now = now
        self._failures = 0
        self._said = ""

    def run(self, wake: Wake) -> None:
        """Pass after pass until `wake` says that it is over; then the lead is given back. Machines stay."""
        try:
            while not wake.is_over:
                wake.wait(self.tick())
        finally:
            self._lead.resign()

    def tick(self) -> float:
        """One pass, whatever happens in it; returns the seconds until the next one."""
        try:
            seconds = self._pass()
        except NoLongerLeader:
            return PERIOD_S
        except Exception as error:
            if isinstance(error, SQLAlchemyError):
                self._without_ledger()
            self._failures += 1
            pause_s = min(2.0 ** (self._failures - 1), LONGEST_PAUSE_S)
            log.exception("pass failed", error=type(error).__name__, failures=self._failures, again_in_s=pause_s)
            return pause_s
        self._failures = 0
        return seconds

    def _pass(self) -> float:
        is_leader = self._lead.hold()
        if self._hands is not None:
            self._hands.last_resort.ledger_answered(is_leader=is_leader)
        if not is_leader:
            return PERIOD_S
        sight = self._observer.look(self._now())
        try:
            plan = self._fleet(sight.observation)
        except NoLongerLeader:
            raise
        except Exception:
            self._sweep(sight)  # jobs come back even where the fleet cannot be managed
            raise
        self._sweep(sight)
        return SOON_S if _is_moving(plan, sight.observation) else PERIOD_S

    def _without_ledger(self) -> None:
        if self._hands is not None:
            self._hands.last_resort.ledger_failed(self._now())

    def _sweep(self, sight: Sight) -> None:
        if sight.observation.blind_s is not None:
            return  # what is in no list was perhaps only not seen
        gone = [row.id for row in self._ledger.instances.live() if row.state == State.DESTROYING]
        self._sweeper.sweep(sight, gone_workers=gone)

    def _fleet(self, seen: Observation) -> Plan:
        plan = policy.plan(seen, self._look_at_market(seen), self._rules)
        self._say(plan, seen)
        if seen.blind_s is None:
            self._tell_redis(plan, seen)
        if self._hands is not None:
            self._hands.actor.carry_out(plan)
            self._hands.bookkeeper.look(seen)
        return plan

    def _tell_redis(self, plan: Plan, seen: Observation) -> None:
        """Whatever comes of it, machines must still be ended."""
        try:
            status.write(self._redis, status.fleet_status(seen, plan, self._rules.fleet))
            if self._hands is not None:
                wanted = [machine.row for machine in seen.machines if machine.state is not State.DESTROYING]
                leaving = {machine.row.id for machine in seen.machines if machine.is_leaving}
                life.extend(self._redis, [row.id for row in wanted], finishing=leaving)
                _keep_users(self._hands.users, wanted)
        except RedisError as error:
            log.warning("redis was not told of the fleet", error=str(error))

    def _look_at_market(self, seen: Observation) -> Market:
        if self._hands is None or not policy.wants_offer(seen, self._rules):
            return Market()
        ends = self._ledger.instances.recent_ends()
        return self._hands.market.look(seen.now, avoided=seen.avoided, ends=ends)

    def _say(self, plan: Plan, seen: Observation) -> None:
        """One line per change of mind, not per pass."""
        launches = [action for action in plan.actions if isinstance(action, Launch)]
        if launches:
            log.info(
                "queue backs up",
                jobs=seen.demand.jobs,
                seconds_of_work=round(seen.demand.seconds, 1),
                machines=len(seen.machines),
                reason=launches[0].reason,
            )
        if plan.blocked and plan.blocked != self._said:
            log.warning("nothing is rented", blocked=plan.blocked, jobs=seen.demand.jobs)
        self._said = plan.blocked


def _keep_users(users: WorkerUsers, wanted: Iterable[Instance]) -> None:
    users.keep_in_step({row.id: row.worker_password_sha256 for row in wanted if row.worker_password_sha256})


def _is_moving(plan: Plan, seen: Observation) -> bool:
    moving = (machine.state not in (State.READY, State.PARKED, State.DESTROYED) for machine in seen.machines)
    return bool(plan.actions) or any(moving)
