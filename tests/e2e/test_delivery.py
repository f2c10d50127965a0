"""Two hundred jobs, bot and courier killed at random, Discord failing after it has acted: each is posted once."""

import random
import re
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from benchmarks.control_plane import config_that_rents_nothing
from sandbox.studio import ROOT, Studio, StudioError
from tasks.ledger import Job, Ledger
from tasks.lifecycle import ENDED, JobState

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

JOBS = 200
BATCH = 16  # so many may be on their way unanswered when the bot dies; those are cancelled, and asked for again
ANSWERED = frozenset(JobState) - {JobState.CANCELLED}
PEOPLE = 40
KILLS = 10
BAD_ANSWERS = 50
CHANNELS = ("general", "studio")
CHECKPOINT = "tiny-sdxl"
VICTIMS = ("-m bot", "-A bot.courier")
_ABOUT = re.compile(r"-# job ([0-9A-Z]{26})")


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    """A system of its own, whose only worker draws grey pictures in no time and holds Celery's part of the contract."""
    config = config_that_rents_nothing(tmp_path / "config")
    with Studio(tmp_path / "studio", config_dir=config, discord_options=["--trust"]) as studio, _worker(studio):
        yield studio


@contextmanager
def _worker(studio: Studio) -> Iterator[None]:
    command = [sys.executable, "-m", "benchmarks.instant_worker", studio.redis_url, CHECKPOINT]
    with (studio.directory / "worker.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=studio.environment, stdout=log, stderr=log)
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


def test_each_is_posted_once_and_none_is_lost(studio: Studio) -> None:
    """What the ledger has accepted is in the channel exactly once, whoever died and whatever Discord answered."""
    ledger = Ledger.open(f"sqlite:///{studio.directory.resolve() / 'data' / 'easel.db'}")
    fail_after_acting(studio)
    with _killing(studio) as victims:
        submit_until(studio, ledger, JOBS // 2)
        studio.wait_for(
            "the first way's bad answers", lambda: bad_answers(studio)[0] == BAD_ANSWERS // 2, timeout_s=200
        )
        submit_until(
            studio, ledger, JOBS + BATCH, then=lambda: studio.discord("POST", "faults", {"kind": "token_dead"})
        )
    studio.wait_for("every job to end", lambda: not ledger.jobs.outstanding(), timeout_s=400)
    jobs = ledger.jobs.in_states(ENDED)
    posted = {job.id for job in jobs if job.state is JobState.POSTED}
    assert Counter(victims).keys() == set(VICTIMS)
    assert len(victims) == KILLS
    assert bad_answers(studio) == [BAD_ANSWERS // 2] * 2
    assert {job.state for job in jobs} <= {JobState.POSTED, JobState.CANCELLED}, described(jobs)
    assert len(posted) >= JOBS
    seen = studio.wait_for("the last picture", lambda: about(studio) if len(about(studio)) >= len(posted) else None,
                           timeout_s=30)  # fmt: skip
    assert set(seen) == posted
    assert set(seen.values()) == {1}
    assert len({job.interaction_id for job in jobs}) == len(jobs)
    ledger.close()


def fail_after_acting(studio: Studio) -> None:
    """Discord does what it is asked, and answers 502: for results by either way."""
    for route in (r"@original$", r"/messages$"):
        fault = {"kind": "status", "status": 502, "after_commit": True, "route": route, "count": BAD_ANSWERS // 2}
        studio.discord("POST", "faults", fault)


def bad_answers(studio: Studio) -> list[int]:
    """How many were given, by the original and by the channel."""
    return [fault["hits"] for fault in studio.discord("GET", "faults")]


def submit_until(studio: Studio, ledger: Ledger, wanted: int, *, then: Callable[[], object] = lambda: None) -> None:
    """Members ask, and ask again where nobody answered; every tenth event of the gateway arrives twice."""
    numbers = iter(range(wanted, 10_000))
    with ThreadPoolExecutor(8) as people:
        while len(ledger.jobs.in_states(ANSWERED)) < wanted:
            list(people.map(lambda number: ask(studio, number), [next(numbers) for _ in range(BATCH)]))
            then()


def ask(studio: Studio, number: int) -> None:
    answer: dict[str, Any] = studio.act(
        command="imagine",
        options={"prompt": f"job {number}", "model": CHECKPOINT},
        user=f"member-{number % PEOPLE + 1}",
        channel=CHANNELS[number % len(CHANNELS)],
        wait=True,
    )
    if number % 10 == 0:
        with suppress(StudioError, requests.RequestException):
            studio.discord("POST", f"interactions/{answer['interaction_id']}/replay")


@contextmanager
def _killing(studio: Studio) -> Iterator[list[str]]:
    """kill -9 to bot or courier every few seconds, `KILLS` times."""
    dice, over, done = random.Random(7), threading.Event(), list[str]()

    def kill() -> None:
        while len(done) < KILLS:
            over.wait(dice.uniform(2, 5))
            victim = dice.choice(VICTIMS)
            with suppress(StudioError, psutil.Error):
                studio.process(victim).kill()
                done.append(victim)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        yield done
    finally:
        over.set()
        killer.join(60)


def about(studio: Studio) -> Counter[str]:
    """Job id → messages with its pictures."""
    shown = [message for channel in CHANNELS for message in studio.pictures(channel)]
    return Counter(found[1] for message in shown if (found := _ABOUT.search(message["content"])))


def described(jobs: Any) -> list[str]:
    """The odd ones, for a test that failed."""
    odd: list[Job] = [job for job in jobs if job.state not in (JobState.POSTED, JobState.CANCELLED)]
    return [f"{job.id} {job.state} attempts={job.attempts} {job.failure_json}" for job in odd]
