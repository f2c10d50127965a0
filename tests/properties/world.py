"""The real loop, ledger and Redis around a cloud in virtual time, and what must hold of them at every moment.

Real time (`t`, which the cloud bills by) and the provisioner's own clock are two things here: the latter may jump.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple, cast

from celery import Celery
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from config.loading import Registry
from config.registry import Fleet, GpuRequirements, Profile, Quotas
from config.scaling import OperatingPoint
from config.settings import ProvisionerSettings
from provisioner.act import LONGEST_PAUSE
from provisioner.composition import build_loop
from provisioner.credentials import WorkerUsers
from provisioner.lifecycle import ORPHAN_GRACE_S, State
from provisioner.loop import Loop
from provisioner.providers.base import Status
from tasks import keys
from tasks.app import make_app
from tasks.ledger import Ledger
from tasks.ledger.models import Base
from tasks.ledger.orders import DOWN
from tasks.publishing import Publisher
from tasks.schema import Heartbeat, WorkerState
from tests.properties.clouds import UnreliableCloud
from tests.properties.fate import Fate, Killed
from tests.specs import TINY_REF, new_job, tiny_spec

START = datetime(2026, 11, 10, 12, 0, tzinfo=UTC)
TICK_S = 5.0
GONE_WITHIN_S = 90.0
# A successor must first wait until the lead of the dead one has run out.
LEAD_S = 20.0
BOOT_DEADLINE_S = 60.0
IDLE_S = 20.0
MAX_INSTANCES = 3
DRAW_S = 15.0
POINT = OperatingPoint(tolerated_wait_s=10, idle_last_s=IDLE_S, idle_rest_s=IDLE_S, parked_s=120)
PROFILE = Profile(
    id="p",
    image="image",
    gpu=GpuRequirements(names=("RTX 4090",)),
    providers=("vast",),
    max_usd_per_hour=1.0,
    boot_deadline_s=BOOT_DEADLINE_S,
)


def registry_with(cap_usd: float) -> Registry:
    """A fleet that may spend so much in all."""
    fleet = Fleet(
        deployment="test",
        profile="p",
        scaling=POINT,
        max_instances=MAX_INSTANCES,
        max_usd_per_month=cap_usd,
        max_usd_per_day=100.0,
        max_creates_per_10_min=100,
    )
    return Registry({TINY_REF.id: object()}, {}, {}, {"p": PROFILE}, fleet, Quotas())  # type: ignore[dict-item]


class RedisThatMayBeAway(Redis):
    """A real client whose line may be cut."""

    is_away = False

    def execute_command(self, *args: Any, **options: Any) -> Any:
        self._require()
        return super().execute_command(*args, **options)  # type: ignore[no-untyped-call]

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Any:
        self._require()
        return super().pipeline(transaction, shard_hint)

    def _require(self) -> None:
        if self.is_away:
            raise RedisConnectionError("the line is cut")


@cache
def app_of(redis_url: str) -> Celery:
    return make_app(redis_url, client_name="properties")


class Resources(NamedTuple):
    """What is made once and emptied before each case."""

    ledger: Ledger
    fate: Fate
    redis: RedisThatMayBeAway
    redis_url: str

    @classmethod
    def of(cls, redis_url: str) -> "Resources":
        ledger = Ledger.open("sqlite://")
        redis = cast("RedisThatMayBeAway", RedisThatMayBeAway.from_url(redis_url))
        return cls(ledger, Fate(ledger.engine), redis, redis_url)

    def empty(self) -> None:
        self.fate.reset()
        self.redis.is_away = False
        self.fate.is_ours = False
        with self.ledger.engine.begin() as connection:
            for table in reversed(Base.metadata.sorted_tables):
                connection.execute(table.delete())
        self.fate.is_ours = True
        self.redis.flushall()
        WorkerUsers(self.redis).keep_in_step({})


@dataclass
class World:
    """One case from its first second on."""

    resources: Resources
    cap_usd: float
    t: float = 0.0
    jumped_s: float = 0.0
    spent_usd: float = 0.0
    over_usd: float = 0.0
    processes: int = 0
    dead_s: float = 0.0
    dead_until: float = 0.0
    leaderless_until: float = 0.0
    recovered_at: float = 0.0
    ledger_until: float = 0.0
    redis_until: float = 0.0
    loop: Loop | None = None
    jobs: list[str] = field(default_factory=list)
    overdue: Counter[str] = field(default_factory=Counter)
    worst_overdue_s: float = 0.0

    def __post_init__(self) -> None:
        self.resources.empty()
        self.fate = self.resources.fate
        self.redis = self.resources.redis
        self.ledger = self.resources.ledger
        self.cloud = UnreliableCloud(clock=lambda: self.t, touch=self.fate.touch, epoch=START)

    def now(self) -> datetime:
        """The provisioner's own clock."""
        return START + timedelta(seconds=self.t + self.jumped_s)

    # What happens to it.

    def order(self, number: int) -> None:
        """Members ask for pictures."""
        if self.redis.is_away:
            return
        with self.by_others():
            for _ in range(number):
                spec = tiny_spec(width=1024, height=1024, num_inference_steps=20)
                job = self.ledger.jobs.receive(new_job(spec=spec), now=self.now()).job
                self.ledger.jobs.queue(job.id, now=self.now())
                publisher = Publisher(app_of(self.resources.redis_url), self.redis)
                publisher.render(job.id, epoch=1, spec=spec, priority=job.priority, now=self.now())
                self.ledger.jobs.published(job.id, epoch=1, now=self.now())
                self.jobs.append(job.id)

    def forget_jobs(self) -> None:
        """All members change their minds."""
        with self.by_others():
            for job_id in self.jobs:
                self.ledger.jobs.cancel(job_id, now=self.now())
        self.jobs = []

    def take_down(self) -> None:
        """The owner's kill switch."""
        with self.by_others():
            self.ledger.orders.place(DOWN, reason="test", now=self.now())

    def lift(self) -> None:
        with self.by_others():
            self.ledger.orders.withdraw(DOWN)

    def crash(self, *, before: int, dead_s: float) -> None:
        """kill -9 before its next-but-`before` request, and `dead_s` without any provisioner after that."""
        self.fate.kill_before(before)
        self.dead_s = dead_s

    def hit(self, number: int, what: str) -> None:
        """Something happens to one of the machines, if there are any."""
        alive = self.cloud.alive
        if not alive:
            return
        one = alive[number % len(alive)]
        if what == "silent":
            one.is_silent = True
        elif what == "vanishes":
            one.status = Status.OFFLINE
        else:
            one.status = Status.STOPPED  # outbid: its disk is billed on

    def sleep(self, seconds: float) -> None:
        """SIGSTOP: no pass, while the bills run on."""
        self.overdue.clear()
        for _ in range(int(seconds / TICK_S)):
            self.t += TICK_S
            self.spent_usd += self.cloud.bill(TICK_S)

    def heal(self) -> None:
        """The world is well again; machines that are broken stay so."""
        self.cloud.heal()
        self.fate.reset()
        self.redis_until = self.ledger_until = 0.0
        self.dead_s = 0.0
        if self.loop is None:
            self.dead_until = 0.0

    # Time.

    def run(self, seconds: float, *, step_s: float = TICK_S) -> None:
        end = self.t + seconds
        while self.t < end:
            self.step(step_s)

    def step(self, seconds: float = TICK_S) -> None:
        """One pass, where a provisioner lives, and the time until the next."""
        self.redis.is_away = self.t < self.redis_until
        self.fate.ledger_is_away = self.t < self.ledger_until
        self.draw()
        self._pass()
        disturbed = self._is_disturbed()
        self._look_for_overdue(seconds, disturbed=disturbed)
        self.t += seconds
        usd = self.cloud.bill(seconds)
        was_over = self.spent_usd >= self.cap_usd
        self.spent_usd += usd
        if disturbed:
            self.recovered_at = self.t + LONGEST_PAUSE.total_seconds()
        if was_over and self.t > self.recovered_at:
            self.over_usd += usd

    def _pass(self) -> None:
        if self.loop is None:
            if self.t < self.dead_until:
                return
            self.processes += 1
            self.loop = self._provisioner()
        try:
            self.loop.tick()
        except Killed:
            self.loop = None
            self.dead_until = self.t + self.dead_s
            self.leaderless_until = max(self.dead_until, self.t + LEAD_S)

    def _provisioner(self) -> Loop:
        settings = ProvisionerSettings.model_validate({"REDIS_URL": self.resources.redis_url})
        return build_loop(
            settings,
            registry_with(self.cap_usd),
            ledger=self.ledger,
            redis=self.redis,
            provider=self.cloud,
            now=self.now,
            holder=f"process {self.processes}",
        )

    def draw(self) -> None:
        """The hearts of all workers beat; each that is well ends a job now and then."""
        if self.redis.is_away:
            return
        for one in self.cloud.alive:
            if one.status_at(self.t) is not Status.RUNNING or one.is_silent or one.dud:
                continue
            if self.t - one.runs_from < TICK_S:
                continue  # it loads its checkpoint
            worker_id = one.label.rpartition("/")[2]
            beat = Heartbeat(worker_id=worker_id, state=WorkerState.IDLE, since=self.now(), at=self.now())
            self.redis.set(keys.heartbeat(worker_id), beat.write())
            if self.jobs and (self.t - one.runs_from) % DRAW_S < TICK_S:
                with self.by_others():
                    self.ledger.jobs.cancel(self.jobs.pop(0), now=self.now())

    # What must hold.

    def _is_disturbed(self) -> bool:
        """Whether the provisioner could not have ended a machine even if it had wanted to."""
        leads = self.loop is not None and self.t >= self.leaderless_until
        return not leads or self.fate.ledger_is_away or self.cloud.has("list", "destroy")

    def _look_for_overdue(self, seconds: float, *, disturbed: bool) -> None:
        alive = self.cloud.alive
        if disturbed or not alive:
            self.overdue.clear()
            return
        states = self.states()
        for one in alive:
            state = states.get(one.label, State.DESTROYED)
            if state not in (State.DESTROYING, State.DESTROYED):
                self.overdue.pop(one.id, None)
                continue
            self.overdue[one.id] += seconds  # type: ignore[assignment]
            grace_s = ORPHAN_GRACE_S if state == State.DESTROYED else 0.0
            late_s = self.overdue[one.id] - grace_s
            self.worst_overdue_s = max(self.worst_overdue_s, late_s)
            assert late_s <= GONE_WITHIN_S, f"{one} should have been gone for {late_s} s; the ledger says {state}"

    def states(self) -> dict[str, str]:
        """Label → state of every intent that there ever was."""
        with self.by_others():
            return {row.label: row.state for row in self.ledger.instances.intended_since(START - timedelta(days=400))}

    def live(self) -> Sequence[str]:
        with self.by_others():
            return [row.state for row in self.ledger.instances.live()]

    @property
    def is_empty(self) -> bool:
        """Nothing is billed, nothing will be, and the ledger knows it."""
        return all(one.ended is not None for one in self.cloud.contracts) and not self.live()

    @contextmanager
    def by_others(self) -> Iterator[None]:
        """The ledger is used by somebody else than the provisioner."""
        self.fate.is_ours = False
        try:
            yield
        finally:
            self.fate.is_ours = True
