"""How many workers the outstanding work deserves, and why. Pure."""

import math
from dataclasses import dataclass
from datetime import datetime

from config.registry import Fleet
from config.scaling import OperatingPoint
from provisioner.observation import Demand


@dataclass(frozen=True)
class Want:
    """How many workers there should be; `why` continues "3 wanted: "."""

    workers: int
    why: str = ""


def want(demand: Demand, point: OperatingPoint, *, is_warm_hour: bool = False) -> Want:
    """One worker per tolerated wait of outstanding work, never more than jobs, one from the first job on."""
    deserved = _deserved(demand, point, is_warm_hour=is_warm_hour)
    if demand.standby > deserved.workers:
        return Want(demand.standby, f"{demand.standby} ordered by hand")
    return deserved


def _deserved(demand: Demand, point: OperatingPoint, *, is_warm_hour: bool) -> Want:
    for_jobs = _for_jobs(demand, point)
    kept = math.ceil(demand.load * point.workers_per_load - 0.5) if point.workers_per_load else 0
    if kept > for_jobs.workers:
        return Want(kept, f"the last quarter of an hour kept {demand.load:.1f} busy")
    if is_warm_hour and for_jobs.workers == 0:
        return Want(1, "these are warm hours")
    return for_jobs


def is_warm_hour(fleet: Fleet, now: datetime) -> bool:
    """Whether `now` lies in one of the fleet's warm hours, which are in UTC and may pass midnight."""
    return any(_contains(hours, f"{now:%H:%M}") for hours in fleet.warm_hours)


def _for_jobs(demand: Demand, point: OperatingPoint) -> Want:
    if demand.jobs == 0:
        return Want(0)
    by_work = max(1, math.ceil(demand.seconds / point.tolerated_wait_s))
    bounds = [(by_work, f"one per {point.tolerated_wait_s:.0f} s of work"), (demand.jobs, "one per job")]
    if point.workers_per_user and demand.users:
        members = "member" if demand.users == 1 else "members"
        bounds.append((demand.users * point.workers_per_user, f"all that {demand.users} {members} may call for"))
    return Want(*min(bounds))


def _contains(hours: str, moment: str) -> bool:
    begin, end = hours.split("-")
    return begin <= moment < end if begin <= end else moment >= begin or moment < end
