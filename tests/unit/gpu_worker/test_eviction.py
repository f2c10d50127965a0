import random
from collections.abc import Callable, Sequence

import pytest

from gpu_worker.cache.eviction import Held, heat_after, to_evict

HELD = [Held("old", 4, 1.0), Held("new", 4, 3.0), Held("middle", 4, 2.0)]


def test_nothing_leaves_where_there_is_room() -> None:
    """Loading another checkpoint again costs seconds."""
    assert to_evict(HELD, needed_bytes=4, budget_bytes=16) == []


def test_of_equals_the_least_recently_used_leave_first() -> None:
    """Only as many as must."""
    assert to_evict(HELD, needed_bytes=4, budget_bytes=12) == ["old"]
    assert to_evict(HELD, needed_bytes=8, budget_bytes=12) == ["old", "middle"]


def test_what_exceeds_the_budget_gets_all_the_room() -> None:
    """The budget is a guess; the device has the last word."""
    assert to_evict(HELD, needed_bytes=100, budget_bytes=12) == ["old", "middle", "new"]


def test_what_the_next_jobs_draw_with_stays() -> None:
    """The queue is known: dropping what comes next would load it twice."""
    assert to_evict(HELD, needed_bytes=4, budget_bytes=12, wanted={"old"}) == ["middle"]
    assert to_evict(HELD, needed_bytes=12, budget_bytes=12, wanted={"old"})[-1] == "old"


def test_a_favourite_survives_a_passing_fancy() -> None:
    """One picture with another model does not cost the model that everybody uses."""
    favourite = Held("favourite", 4, 9.0, heat=5.0)
    fancy = Held("fancy", 4, 10.0, heat=1.0)
    assert to_evict([favourite, fancy], needed_bytes=4, budget_bytes=8) == ["fancy"]


def test_a_favourite_of_last_week_leaves() -> None:
    """Heat cools with the uses of others."""
    old_love = Held("old love", 4, 0.0, heat=10.0)
    assert to_evict([old_love, Held("new", 4, 60.0)], needed_bytes=4, budget_bytes=8) == ["old love"]


def test_what_is_dear_to_load_stays() -> None:
    """A checkpoint whose LoRA is merged after loading takes many times as long."""
    dear, cheap = Held("dear", 4, 1.0, reload_s=30.0), Held("cheap", 4, 2.0, reload_s=4.0)
    assert to_evict([dear, cheap], needed_bytes=4, budget_bytes=8) == ["cheap"]


Policy = Callable[[Sequence[Held], int, float], list[str]]
SIZE, BUDGET = 7, 21
COST_S = {"base": 4.0, "anime": 4.0, "photo": 4.0, "hyper": 20.0, "light": 20.0, "pony": 4.0, "sketch": 4.0}


def lru(held: Sequence[Held], budget: int, _now: float) -> list[str]:
    flat = [Held(each.key, each.size_bytes, each.last_used) for each in held]
    return to_evict([*flat], needed_bytes=SIZE, budget_bytes=budget, now=float("inf"))


def ours(held: Sequence[Held], budget: int, now: float) -> list[str]:
    return to_evict(held, needed_bytes=SIZE, budget_bytes=budget, now=now)


def seconds_loading(jobs: Sequence[str], policy: Policy) -> float:
    """Seconds that a worker with this policy spends on loading, over a sequence of jobs."""
    held: dict[str, Held] = {}
    remembered: dict[str, Held] = {}
    spent = 0.0
    for now, name in enumerate(jobs):
        known = remembered.get(name)
        if name not in held:
            for key in policy(list(held.values()), BUDGET, now):
                del held[key]
            spent += COST_S[name]
        heat = heat_after(known.heat, uses_since=now - known.last_used) if known else 1.0
        held[name] = remembered[name] = Held(name, SIZE, now, heat, COST_S[name])
    return spent


@pytest.mark.parametrize("seed", range(5))
def test_less_is_loaded_than_with_lru(seed: int) -> None:
    """A server's taste: few favourites, many passing fancies, some of them dear to load. Room for three of seven."""
    names = list(COST_S)
    jobs = random.Random(seed).choices(names, weights=[1 / (rank + 1) for rank in range(len(names))], k=600)
    assert seconds_loading(jobs, ours) < 0.85 * seconds_loading(jobs, lru)


def test_a_change_of_taste_is_followed() -> None:
    """After the event is over its model makes room; then the three in use are all in memory."""
    jobs = ["base"] * 200 + ["anime", "photo", "pony", "sketch"] * 3 + ["anime", "photo", "pony"] * 10
    late = len(jobs) - 15
    before, after = seconds_loading(jobs[:late], ours), seconds_loading(jobs, ours)
    assert after == before
