from gpu_worker.cache.eviction import Held, to_evict

HELD = [Held("old", 4, 1.0), Held("new", 4, 3.0), Held("middle", 4, 2.0)]


def test_nothing_leaves_where_there_is_room() -> None:
    """Loading another checkpoint again costs seconds."""
    assert to_evict(HELD, needed_bytes=4, budget_bytes=16) == []


def test_the_least_recently_used_leave_first() -> None:
    """Only as many as must."""
    assert to_evict(HELD, needed_bytes=4, budget_bytes=12) == ["old"]
    assert to_evict(HELD, needed_bytes=8, budget_bytes=12) == ["old", "middle"]


def test_what_exceeds_the_budget_gets_all_the_room() -> None:
    """The budget is a guess; the device has the last word."""
    assert to_evict(HELD, needed_bytes=100, budget_bytes=12) == ["old", "middle", "new"]
