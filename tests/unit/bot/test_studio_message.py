"""`/server status`: what is known, and what is not."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.progress.stages import FleetView
from bot.wording.studio import StudioView, duration, studio_message
from tasks.ledger import Job
from tasks.lifecycle import JobState
from tasks.schema import FleetStatus, InstanceView

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def status(*stages: str, silent_s: float = 1, **changes: Any) -> FleetStatus:
    instances = tuple(
        InstanceView(instance_id=str(n), stage=stage, gpu="RTX 4090", usd_per_hour=0.4, age_s=3720)
        for n, stage in enumerate(stages)
    )
    values: dict[str, Any] = {
        "at": NOW - timedelta(seconds=silent_s),
        "sentence": "2 jobs outstanding, about 40 s of work; 1 ready.",
        "instances": instances,
        "usd_per_hour": 0.4 * len(stages),
        "usd_today": 1.234,
        "usd_per_day_cap": 10,
        "boot_estimate_s": 180,
    }
    return FleetStatus(**(values | changes))


def job(state: JobState) -> Job:
    return Job(id=state, state=state, epoch=1, priority=0, predicted_units=100.0, received_at=NOW)


def message(fleet: FleetStatus | None, *states: JobState, workers: int = 0, **changes: Any) -> str:
    view = FleetView(status=fleet, workers=workers)
    values: dict[str, Any] = {"fleet": view, "queue": [job(state) for state in states], "rate": 0.2}
    return studio_message(StudioView(**(values | changes)), now=NOW)


def test_a_busy_studio_is_told_in_full() -> None:
    """Machines, queue, wait, money and the reason, without any address."""
    shown = message(
        status("ready", "booting"), JobState.QUEUED, JobState.CLAIMED, JobState.POSTING, workers=1
    ).splitlines()
    assert shown == [
        "**Studio status**",
        "2 machines at $0.80/h:",
        "• ready: RTX 4090, $0.40/h, for 62 min",
        "• booting: RTX 4090, $0.40/h, for 62 min",
        "Queue: 1 waiting, 1 drawing, 1 being posted.",
        "A new job would take about 60 s.",
        "Spent today: $1.23 of at most $10.00.",
        "The fleet says: 2 jobs outstanding, about 40 s of work; 1 ready.",
    ]


def test_an_empty_studio_says_what_a_first_job_would_wait_for() -> None:
    """The cold start is part of the answer."""
    shown = message(status())
    assert "No GPU is rented.\nQueue: empty.\nA new job would take about 3 min." in shown


def test_what_keeps_it_from_renting_is_said() -> None:
    """A cap or an empty market is no secret."""
    shown = message(status(blocked="the cap of $10 a day is reached"), JobState.QUEUED)
    assert shown.endswith("Nothing is rented because: the cap of $10 a day is reached")
    assert "cannot be said" in shown


@pytest.mark.parametrize(
    ("fleet", "sentence"),
    [
        (None, "The part of me that rents GPUs has not been heard of."),
        (status(silent_s=61), "The part of me that rents GPUs was last heard of 61 s ago"),
    ],
)
def test_silence_is_called_silence(fleet: FleetStatus | None, sentence: str) -> None:
    """Old news is not sold as new."""
    shown = message(fleet, JobState.QUEUED)
    assert sentence in shown
    assert "How long a new job would take cannot be said just now." in shown


def test_what_does_not_answer_is_named() -> None:
    """Ledger or Redis away: the rest of the answer still comes."""
    assert "my database does not answer" in message(status(), queue=None)
    assert "My queue server cannot be reached" in message(None, redis=False)


@pytest.mark.parametrize(("seconds", "words"), [(0, "0 s"), (119, "119 s"), (150, "2 min"), (7300, "2 h 1 min")])
def test_lengths_of_time_are_readable(seconds: float, words: str) -> None:
    """Nobody counts in thousands of seconds."""
    assert duration(seconds) == words
