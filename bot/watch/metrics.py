"""Numbers for Prometheus. One registry per process, served on a port of its own."""

from collections import Counter as Counted
from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from bot.progress.stages import FleetView
from tasks.errors import ErrorCode
from tasks.ledger import Job
from tasks.lifecycle import OUTSTANDING, JobState
from tasks.schema import age_s

_ACK_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0)
_WAIT_S = (5, 10, 20, 40, 60, 120, 300, 600, 1200, 3600, 7200)


class Metrics:
    """The bot's numbers; `ack` and `apologies` are written where they happen, the rest is read every few seconds."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.jobs = Gauge("easel_jobs", "Jobs that have not ended", ["state"], registry=self.registry)
        self.ended = Counter("easel_jobs_ended", "Jobs that ended", ["outcome"], registry=self.registry)
        self.ack = Histogram("easel_ack_seconds", "Answer to a command", buckets=_ACK_S, registry=self.registry)
        self.wait = Histogram("easel_wait_seconds", "Command to picture", buckets=_WAIT_S, registry=self.registry)
        self.post_failures = Counter("easel_post_failures", "Pictures not posted", registry=self.registry)
        self.apologies = Counter("easel_apologies", "Commands that failed on our side", registry=self.registry)
        self.loop_lag = Gauge("easel_event_loop_lag_seconds", "How late the loop last was", registry=self.registry)
        self.workers = Gauge("easel_workers", "GPU workers that take jobs", registry=self.registry)
        self.machines = Gauge("easel_machines", "Rented machines", ["stage"], registry=self.registry)
        self.usd_today = Gauge("easel_usd_today", "Spent today", registry=self.registry)
        self.usd_cap = Gauge("easel_usd_per_day_cap", "What may be spent a day", registry=self.registry)
        self.usd_per_hour = Gauge("easel_usd_per_hour", "What the machines cost now", registry=self.registry)
        self.answers = Gauge("easel_answers", "Whether each of these answers", ["who"], registry=self.registry)

    def see_queue(self, queue: Sequence[Job]) -> None:
        """Every state is shown, so that none is missing when it is zero."""
        states = Counted(job.state for job in queue)
        for state in OUTSTANDING:
            self.jobs.labels(state=str(state)).set(states[state])

    def see_fleet(self, fleet: FleetView) -> None:
        """What is rented, and what it costs."""
        self.workers.set(fleet.workers)
        self.machines.clear()
        if fleet.status is None:
            return
        for stage, number in Counted(each.stage for each in fleet.status.instances).items():
            self.machines.labels(stage=stage).set(number)
        self.usd_today.set(fleet.status.usd_today)
        self.usd_cap.set(fleet.status.usd_per_day_cap)
        self.usd_per_hour.set(fleet.status.usd_per_hour)

    def see_ended(self, jobs: Sequence[Job]) -> None:
        """Each once: the caller remembers up to when it looked."""
        for job in jobs:
            self.ended.labels(outcome=str(job.state)).inc()
            if job.state is JobState.POSTED and job.ended_at is not None:
                self.wait.observe(age_s(job.received_at, now=job.ended_at))
            if job.failure is not None and job.failure.code is ErrorCode.CANNOT_POST:
                self.post_failures.inc()
