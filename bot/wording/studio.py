"""The answer of `/server status`. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.progress.stages import FleetView, expected_s
from bot.wording.catalogue import DEFAULT_LOCALE, count, say
from bot.wording.escaping import harmless
from tasks.ledger import Job
from tasks.lifecycle import JobState
from tasks.schema import FleetStatus, age_s

_MOST_MACHINES = 10
_SENTENCE = 300
_MINUTE_S = 60
_HOUR_S = 3600


@dataclass(frozen=True, kw_only=True)
class StudioView:
    """What is known at a moment. `queue` None: the ledger does not answer; `redis` False: nor does Redis."""

    fleet: FleetView
    queue: Sequence[Job] | None
    rate: float
    redis: bool = True


def studio_message(view: StudioView, *, now: datetime, locale: str = DEFAULT_LOCALE) -> str:
    """Machines, queue, expected wait, spend, and the provisioner's sentence; what is not known is said to be so."""
    lines = [
        say("status.title", locale=locale),
        *_hearing(view, now, locale),
        *_machines(view.fleet.status, locale),
        _queue(view.queue, locale),
        _wait(view, now, locale),
        *_money(view.fleet.status, locale),
    ]
    return "\n".join(lines)


def _hearing(view: StudioView, now: datetime, locale: str) -> list[str]:
    if not view.redis:
        return [say("status.redis", locale=locale)]
    status = view.fleet.status
    if status is None:
        return [say("status.silent.never", locale=locale)]
    if not view.fleet.heard(now):
        return [say("status.silent.since", locale=locale, age=duration(age_s(status.at, now=now), locale=locale))]
    return []


def _machines(status: FleetStatus | None, locale: str) -> list[str]:
    if status is None:
        return []
    if not status.instances:
        return [say("status.fleet.none", locale=locale)]
    headline = count("status.fleet", len(status.instances), locale=locale, rate=f"{status.usd_per_hour:.2f}")
    machines = [
        say(
            "status.machine",
            locale=locale,
            stage=harmless(each.stage, most=30),
            gpu=harmless(each.gpu, most=40),
            rate=f"{each.usd_per_hour:.2f}",
            age=duration(each.age_s, locale=locale),
        )
        for each in status.instances[:_MOST_MACHINES]
    ]
    return [headline, *machines]


def _queue(queue: Sequence[Job] | None, locale: str) -> str:
    if queue is None:
        return say("status.queue.unknown", locale=locale)
    if not queue:
        return say("status.queue.none", locale=locale)
    states = Counter(job.state for job in queue)
    return say(
        "status.queue",
        locale=locale,
        waiting=states[JobState.RECEIVED] + states[JobState.QUEUED],
        drawing=states[JobState.CLAIMED],
        posting=states[JobState.RENDERED] + states[JobState.POSTING],
    )


def _wait(view: StudioView, now: datetime, locale: str) -> str:
    ahead = [job for job in view.queue or () if job.state not in (JobState.RENDERED, JobState.POSTING)]
    wait_s = expected_s(None, ahead, fleet=view.fleet, rate=view.rate, now=now) if view.queue is not None else None
    if wait_s is None or not view.redis:
        return say("status.wait.unknown", locale=locale)
    return say("status.wait", locale=locale, wait=duration(wait_s, locale=locale))


def _money(status: FleetStatus | None, locale: str) -> list[str]:
    if status is None:
        return []
    lines = [say("status.spend", locale=locale, today=f"{status.usd_today:.2f}", cap=f"{status.usd_per_day_cap:.2f}")]
    if status.sentence:
        lines.append(say("status.reason", locale=locale, sentence=harmless(status.sentence, most=_SENTENCE)))
    if status.blocked and status.blocked not in status.sentence:
        lines.append(say("status.blocked", locale=locale, reason=harmless(status.blocked, most=_SENTENCE)))
    return lines


def duration(seconds: float, *, locale: str = DEFAULT_LOCALE) -> str:
    """A length of time in words: seconds up to two minutes, minutes up to two hours."""
    whole = round(seconds)
    if whole < 2 * _MINUTE_S:
        return say("age.seconds", locale=locale, number=whole)
    if whole < 2 * _HOUR_S:
        return say("age.minutes", locale=locale, number=round(whole / _MINUTE_S))
    return say("age.hours", locale=locale, hours=whole // _HOUR_S, minutes=whole % _HOUR_S // _MINUTE_S)
