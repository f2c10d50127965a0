"""A step that never comes back, in a real worker process: it ends, another one begins, and the picture is not lost."""

import base64
import io
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from redis import Redis

from gpu_worker import exit_codes
from gpu_worker.watchdog import FLOOR_S
from provisioner.observe import Observer
from provisioner.sweeping import Sweeper
from tasks import blobs, routing
from tasks.ledger import Job, Ledger
from tasks.lifecycle import JobState
from tasks.schema import CheckpointRef, Claimed, Rendered
from tests.integration.gpu_worker.worker_process import Fleet, configuration, wait_until
from tests.specs import new_job, tiny_spec

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("gpu_worker_processes")]

CLOCK_RUNS = 20  # times as fast in a process that hangs
LOOKS_EVERY_S = 1.0  # the watchdog


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def fleet(redis_url: str, tiny_weights: Path, tmp_path: Path) -> Iterator[Fleet]:
    fleet = Fleet(redis_url, configuration(tiny_weights, tmp_path / "config"), tmp_path)
    yield fleet
    fleet.end_all()


@dataclass
class House:
    """The trusted side: a real ledger, the provisioner's real sweep, and a courier that keeps what it is brought."""

    fleet: Fleet
    ledger: Ledger
    rendered: list[Rendered] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._observer = Observer(
            self.ledger, self.redis, provider=None, deployment="test", checkpoints=list(self.fleet.checkpoints)
        )
        self._sweeper = Sweeper(self.ledger, self.redis, self.fleet.publisher, max_age_s=600, now=now)

    @property
    def redis(self) -> Redis:
        return self.fleet.redis

    def order(self, **changes: Any) -> Job:
        """What the bot does with a command."""
        spec = tiny_spec(checkpoint=CheckpointRef.of(self.fleet.checkpoints["tiny-sdxl"]), **changes)
        job = self.ledger.jobs.receive(new_job(spec=spec), now=now()).job
        assert self.ledger.jobs.queue(job.id, now=now()) is not None
        self.fleet.publisher.render(job.id, epoch=1, spec=spec, priority=0, now=now())
        self.ledger.jobs.published(job.id, epoch=1, now=now())
        return job

    def now_of(self, job: Job) -> Job:
        """The job as it is by now, after the courier's and the leader's work."""
        while isinstance(raw := self.redis.rpop(routing.CONTROL), bytes):
            envelope = json.loads(raw)
            self._take(envelope["headers"]["task"], json.loads(base64.b64decode(envelope["body"]))[0][0])
        self._sweeper.sweep(self._observer.look(now()), gone_workers=())
        found = self.ledger.jobs.get(job.id)
        assert found is not None
        return found

    def pictures(self, job: Job) -> list[bytes]:
        """The pixels of all that was handed over for a job, whether it was wanted or not."""
        handed_over = [image for result in self.rendered if result.job_id == job.id for image in result.images]
        return [Image.open(io.BytesIO(blobs.get(self.redis, image))).tobytes() for image in handed_over]

    def until(self, job: Job, state: JobState) -> Job:
        """Waits for it."""
        found: Job = wait_until(lambda: now_of if (now_of := self.now_of(job)).state is state else None, timeout_s=90)
        return found

    def _take(self, task: str, body: dict[str, Any]) -> None:
        if task == routing.CLAIMED:
            news = Claimed.read(body)
            self.ledger.jobs.claimed(news.job_id, epoch=news.epoch, worker_id=news.worker_id, now=now())
        if task == routing.RENDERED:
            result = Rendered.read(body)
            self.rendered.append(result)
            self.ledger.jobs.rendered(result, now=now())


@pytest.mark.timeout(240)
def test_a_step_that_hangs_costs_a_process_and_no_picture(fleet: Fleet, ledger: Ledger) -> None:
    """It ends within the bound that its steps taught it, with its exit code; the next one draws the job, once."""
    house, hang = House(fleet, ledger), fleet.faults / "hang"
    fleet.start("alpha")
    like_it = house.order(num_inference_steps=20, seeds=(5,))
    house.until(like_it, JobState.RENDERED)
    stalled = fleet.child("alpha")
    hang.write_text("5")
    job = house.order(num_inference_steps=20, seeds=(5,))
    wait_until(lambda: not hang.exists())
    hung_at = time.monotonic()
    house.until(job, JobState.CLAIMED)
    stalled.wait(30)
    took_s = time.monotonic() - hung_at
    log = fleet.data / "alpha.log"
    wait_until(lambda: f"exit_code={exit_codes.STALLED}" in log.read_text())
    [silent_s] = map(int, re.findall(r"silent_s=(\d+)", log.read_text()))
    assert FLOOR_S <= silent_s <= FLOOR_S + CLOCK_RUNS * (LOOKS_EVERY_S + 1)
    assert took_s < (FLOOR_S / CLOCK_RUNS) + LOOKS_EVERY_S + 5
    again = house.until(job, JobState.RENDERED)
    assert (again.epoch, again.attempts) == (2, 2)
    assert fleet.child("alpha").pid != stalled.pid
    after = house.order()
    house.until(after, JobState.RENDERED)
    assert [len(house.pictures(each)) for each in (like_it, job, after)] == [1, 1, 1]
    assert house.pictures(job) == house.pictures(like_it), "it is drawn from the beginning and not half"
