from gpu_worker.weights.disk_budget import RESERVE_BYTES, Stored, room_bytes, to_remove

STORED = [Stored("old", 4, 1.0), Stored("held", 4, 0.5, in_use=True), Stored("new", 4, 3.0), Stored("middle", 4, 2.0)]


def test_the_room_there_is() -> None:
    """The disk's end and the limit both count, and some of the disk is left for everything else."""
    assert room_bytes(STORED, free_bytes=RESERVE_BYTES + 7, limit_bytes=None) == 7
    assert room_bytes(STORED, free_bytes=RESERVE_BYTES + 7, limit_bytes=20) == 4
    assert room_bytes(STORED, free_bytes=RESERVE_BYTES + 2, limit_bytes=20) == 2
    assert room_bytes(STORED, free_bytes=RESERVE_BYTES + 7, limit_bytes=10) == -6


def test_the_least_recently_used_leave() -> None:
    """Only as many as must, and never what somebody uses."""
    assert to_remove(STORED, needed_bytes=4, room=4) == []
    assert to_remove(STORED, needed_bytes=4, room=0) == ["old"]
    assert to_remove(STORED, needed_bytes=8, room=0) == ["old", "middle"]
    assert to_remove(STORED, needed_bytes=100, room=0) == ["old", "middle", "new"]


def test_one_large_file_leaves_before_many_small_ones() -> None:
    """Of equal age."""
    stored = [Stored("a", 1, 1.0), Stored("b", 9, 1.0), Stored("c", 1, 1.0)]
    assert to_remove(stored, needed_bytes=5, room=0) == ["b"]
