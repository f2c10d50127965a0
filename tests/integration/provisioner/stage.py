"""The provisioner on a stage: its real loop between a real ledger, a real Redis and a local Vast; time is the test's.

What stands around it is played here: members who order, and machines whose "worker" only beats its heart and holds
on to the jobs that it claimed.
"""

import json
import re
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import requests
from redis import Redis

from config.loading import load_registry
from config.settings import ProvisionerSettings, load_settings
from provisioner.composition import build_loop
from provisioner.lifecycle import State
from provisioner.loop import Loop
from provisioner.providers.base import Provider
from provisioner.providers.vast import VastProvider
from tasks import backlog, keys, leases, routing
from tasks.app import make_app
from tasks.ledger import Instance, Job, Ledger
from tasks.publishing import Publisher
from tasks.schema import FleetStatus, Heartbeat, WorkerState
from tests.conftest import ManualClock
from tests.specs import new_job, tiny_spec
from tests.vast_sandbox import KEY, VastSandbox

ROOT = Path(__file__).parents[3]
# A "worker" that tells us what it was given and then does nothing: its heart is beaten by `Stage`.
COMMAND = ["sh", "-c", 'echo "redis=$EASEL_WORKER_REDIS_URL"; exec sleep 600']
# Real passes cost real time: between two of them at least and at most this much goes by.
SHORTEST_STEP_S, LONGEST_STEP_S = 2.5, 5.0
_Found = TypeVar("_Found")


def configuration(target: Path) -> Path:
    """The sandbox's configuration folder with figures for tests; `change` alters single ones."""
    shutil.copytree(ROOT / "sandbox" / "config", target)
    change(target / "fleet.toml", deployment="stage", tolerated_wait_s=40, max_creates_per_10_min=6, max_instances=3)
    change(target / "profiles" / "sandbox.toml", command=COMMAND, boot_deadline_s=300, idle_s=60)
    return target


def change(file: Path, **values: Any) -> None:
    """Set keys of the first table; JSON's literals are TOML's, too."""
    text = file.read_text()
    for name, value in values.items():
        text = f"{name} = {json.dumps(value)}\n" + re.sub(rf"^{name} = .*\n", "", text, flags=re.MULTILINE)
    file.write_text(text)


def soon(look: Callable[[], _Found], *, timeout_s: float = 30.0) -> _Found:
    """For what processes do in their own time."""
    deadline = time.monotonic() + timeout_s
    while not (found := look()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)
    return found


def as_text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


@dataclass
class Stage:
    """Everything around the loop. `silent`: instance ids whose worker never says anything."""

    config_dir: Path
    ledger: Ledger
    redis: Redis
    redis_url: str
    vast: VastSandbox
    clock: ManualClock
    logs: list[Any]
    silent: set[str] = field(default_factory=set)
    all_silent: bool = False
    held: dict[str, list[leases.Lease]] = field(default_factory=dict)

    # The provisioner.

    @property
    def settings(self) -> ProvisionerSettings:
        return load_settings(ProvisionerSettings)

    def provider(self) -> VastProvider:
        return VastProvider(api_key=KEY, url=self.vast.url)

    def provisioner(self, holder: str = "first", *, provider: Provider | None = None) -> Loop:
        """A process of the provisioner, as far as anything outside of it can tell."""
        return build_loop(
            self.settings,
            load_registry(self.config_dir),
            ledger=self.ledger,
            redis=self.redis,
            provider=provider or self.provider(),
            now=self.clock,
            holder=holder,
        )

    def fleet(self, **values: Any) -> None:
        change(self.config_dir / "fleet.toml", **values)

    def profile(self, **values: Any) -> None:
        change(self.config_dir / "profiles" / "sandbox.toml", **values)

    # Time.

    def run(self, loop: Loop, *, seconds: float) -> None:
        """Pass after pass while `seconds` go by."""
        end = self.clock().timestamp() + seconds
        while self.clock().timestamp() < end:
            self.beat()
            pause_s = loop.tick()
            self.clock.advance(min(max(pause_s, SHORTEST_STEP_S), LONGEST_STEP_S))

    def until(self, loop: Loop, look: Callable[[], _Found], *, at_most_s: float = 300) -> _Found:
        """Pass after pass until it has happened."""
        end = self.clock().timestamp() + at_most_s
        while not (found := look()):
            assert self.clock().timestamp() < end, f"it did not happen within {at_most_s} s: {self.states()}"
            self.run(loop, seconds=1)
        return found

    def beat(self) -> None:
        """The heart of each worker whose container runs."""
        rows = [row for row in self.ledger.instances.live() if row.provider_instance_id]
        if not rows or self.all_silent:
            return
        running = {one["label"] for one in self.vast.instances() if one["actual_status"] == "running"}
        for row in rows:
            if row.label in running and row.id not in self.silent:
                self.heartbeat(row.id)

    def heartbeat(self, worker_id: str, state: WorkerState = WorkerState.IDLE) -> None:
        """A worker that lives renews its leases: they run out by Redis' own clock, however slow the passes are."""
        for lease in self.held.get(worker_id, []):
            lease.renew()
        now = self.clock()
        beat = Heartbeat(worker_id=worker_id, state=state, since=now, at=now)
        self.redis.set(keys.heartbeat(worker_id), beat.write(), px=keys.HEARTBEAT_TTL)

    # Members and workers.

    def order(self, number: int = 1, **changes: Any) -> list[Job]:
        """What the bot does with a command: written down, queued, published."""
        return [self._order(changes) for _ in range(number)]

    def _order(self, changes: dict[str, Any]) -> Job:
        spec = tiny_spec(**changes)
        job = self.ledger.jobs.receive(new_job(spec=spec), now=self.clock()).job
        queued = self.ledger.jobs.queue(job.id, now=self.clock())
        assert queued is not None
        publisher = Publisher(make_app(self.redis_url, client_name="stage"), self.redis)
        publisher.render(job.id, epoch=1, spec=spec, priority=job.priority, now=self.clock())
        self.ledger.jobs.published(job.id, epoch=1, now=self.clock())
        return queued

    def claim(self, job: Job, worker_id: str) -> Job:
        """A worker takes the message and the lease, and the courier hears of it."""
        self.lose_message(job)
        lease = leases.Lease(self.redis, job.id, epoch=job.epoch, worker_id=worker_id)
        assert lease.acquire()
        self.held.setdefault(worker_id, []).append(lease)
        claimed = self.ledger.jobs.claimed(job.id, epoch=job.epoch, worker_id=worker_id, now=self.clock())
        assert claimed is not None
        return claimed

    def cancel_all(self) -> None:
        """No work is left."""
        for job in self.ledger.jobs.outstanding():
            self.ledger.jobs.cancel(job.id, now=self.clock())
            self.lose_message(job)
            self.redis.delete(keys.lease(job.id))

    def lose_message(self, job: Job) -> None:
        """Its message is in no list any more; those of other jobs stay."""
        for name in routing.lists_of(routing.gpu_queue(job.spec.checkpoint.id)):
            for message in map(as_text, self.redis.lrange(name, 0, -1)):
                if f'"{routing.task_id(job.id, epoch=job.epoch)}"' in message:
                    self.redis.lrem(name, 1, message)

    def messages(self, job: Job) -> set[int]:
        """The epochs of its messages in the queue."""
        found = backlog.waiting(self.redis, [routing.gpu_queue(job.spec.checkpoint.id)])
        return {epoch for job_id, epoch in found if job_id == job.id}

    # What there is to see.

    def job(self, job: Job) -> Job:
        found = self.ledger.jobs.get(job.id)
        assert found is not None
        return found

    def rows(self, *states: State) -> list[Instance]:
        return [row for row in self.ledger.instances.live() if row.state in states]

    def states(self) -> list[str]:
        return [row.state for row in self.ledger.instances.live()]

    def ready(self, loop: Loop, number: int = 1) -> list[Instance]:
        """Wait until so many machines are ready."""
        return self.until(loop, lambda: rows if len(rows := self.rows(State.READY)) >= number else [])

    def gone(self, loop: Loop, *, at_most_s: float = 600) -> None:
        """Wait until no bill runs and the ledger knows it."""
        self.until(loop, lambda: not self.vast.billing() and not self.states(), at_most_s=at_most_s)

    def every_row(self) -> list[Instance]:
        return list(self.ledger.instances.intended_since(self.clock().replace(year=2000)))

    def status(self) -> FleetStatus:
        value = self.redis.get(keys.FLEET_STATUS)
        assert isinstance(value, bytes)
        return FleetStatus.read(value)

    def users(self) -> list[str]:
        return [name for name in map(as_text, self.redis.acl_users()) if name.startswith("easel-worker-")]

    def worker_url(self, provider_instance_id: str | None) -> str:
        """The address of Redis that the machine was given: what its own process printed."""
        address = f"{self.vast.url}/sandbox/instances/{provider_instance_id}/log"

        def printed() -> str:
            with suppress(requests.RequestException):
                for line in requests.get(address, timeout=5).text.splitlines():
                    if line.startswith("redis="):
                        return line.removeprefix("redis=")
            return ""

        return soon(printed)
