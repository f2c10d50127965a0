"""What no rule can beat: the cheapest fleet without waiting, and a bound for fleets in which one may wait. Pure."""

import heapq

from provisioner.simulator.market import MarketModel
from provisioner.simulator.trace import Trace


def zero_wait_usd(trace: Trace, market: MarketModel, *, can_park: bool = True) -> float:
    """The exact bill of a clairvoyant who lets nobody wait.

    Level k is busy while at least k jobs run. Workers are exchangeable, so each level is one worker's story, and each
    gap in it costs the cheapest of staying up, parking, and starting afresh. Parking always succeeds for a clairvoyant.
    """
    levels: list[float | None] = []
    usd, running = 0.0, list[tuple[float, int]]()
    free: list[int] = []
    for request in trace:
        while running and running[0][0] <= request.t_s:
            end, level = heapq.heappop(running)
            levels[level] = end
            heapq.heappush(free, level)
        level = heapq.heappop(free) if free else len(levels)
        if level == len(levels):
            levels.append(None)
        ended = levels[level]
        usd += _fresh_usd(market) if ended is None else gap_usd(request.t_s - ended, market, can_park=can_park)
        usd += request.exec_s * (market.gpu_usd_per_s + market.disk_usd_per_s)
        heapq.heappush(running, (request.t_s + request.exec_s, level))
    return usd


def bound_usd(trace: Trace, market: MarketModel, *, wait_s: float, can_park: bool = True) -> float:
    """A bill that no rule undercuts where every job starts within `wait_s`.

    Between the busy periods of a fleet without waiting lie gaps; in any schedule a part of each, at least the gap less
    `wait_s`, is without work on all workers, and the one that serves next was up, parked, or started afresh meanwhile.
    """
    usd, busy_until = _fresh_usd(market), trace[0].t_s
    for request in trace:
        gap_s = request.t_s - busy_until
        if gap_s > 0:
            usd += gap_usd(max(0.0, gap_s - wait_s), market, can_park=can_park)
        busy_until = max(busy_until, request.t_s + request.exec_s)
        usd += request.exec_s * (market.gpu_usd_per_s + market.disk_usd_per_s)
    return usd


def gap_usd(gap_s: float, market: MarketModel, *, can_park: bool) -> float:
    """The cheapest way over a gap in one worker's work."""
    up = gap_s * (market.gpu_usd_per_s + market.disk_usd_per_s)
    parked = gap_s * market.disk_usd_per_s + market.load_s * market.gpu_usd_per_s
    return min(up, _fresh_usd(market), *((parked,) if can_park else ()))


def _fresh_usd(market: MarketModel) -> float:
    """Bandwidth, and the GPU and disk while weights load."""
    return market.launch_usd + market.load_s * (market.gpu_usd_per_s + market.disk_usd_per_s)
