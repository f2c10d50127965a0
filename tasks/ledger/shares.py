"""A job's share of what its machine costs: the price of the time for which it was drawn there."""

from datetime import datetime

from sqlalchemy.orm import Session

from tasks.ledger.models import Instance, Job
from tasks.schema import Rendered, age_s

_S_PER_HOUR = 3600.0


def share_usd(session: Session, result: Rendered, *, now: datetime) -> float | None:
    """US dollars; None on a machine that nobody rented.

    The worker says how long it took, and our own clock bounds that. What the machine idles and boots is no job's:
    `python -m provisioner cost` divides it among all.
    """
    job, machine = session.get(Job, result.job_id), session.get(Instance, result.worker_id)
    begun = None if job is None else job.claimed_at or job.queued_at
    if machine is None or begun is None:
        return None
    seconds = min(max(0.0, result.timings.total_s), age_s(begun, now=now))
    return machine.usd_per_hour * seconds / _S_PER_HOUR
