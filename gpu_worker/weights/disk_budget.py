"""Which fetched weights leave the disk when others need room: the least recently used. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

# Logs, picture files and the system need some room too.
RESERVE_BYTES = 2 * 10**9


@dataclass(frozen=True)
class Stored:
    """Weights on disk. `last_used` in seconds since the epoch; what is `in_use` by any worker never leaves."""

    key: str
    size_bytes: int
    last_used: float
    in_use: bool = False


def room_bytes(stored: Sequence[Stored], *, free_bytes: int, limit_bytes: int | None) -> int:
    """Bytes that may still be written: what the disk has and the limit leaves. Negative where too much is there."""
    on_disk = free_bytes - RESERVE_BYTES
    if limit_bytes is None:
        return on_disk
    return min(on_disk, limit_bytes - sum(each.size_bytes for each in stored))


def to_remove(stored: Sequence[Stored], *, needed_bytes: int, room: int) -> list[str]:
    """Keys to delete, least recently used first, until `needed_bytes` fit; all that may leave where that is too little.

    Equal times are broken by size, the larger first: one file leaves instead of many.
    """
    leaving = []
    for each in sorted(stored, key=lambda one: (one.last_used, -one.size_bytes, one.key)):
        if room >= needed_bytes:
            break
        if not each.in_use:
            leaving.append(each.key)
            room += each.size_bytes
    return leaving
