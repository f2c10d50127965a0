"""Which checkpoints leave when another one needs room. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Held:
    """A checkpoint in memory: its size, and when it was last drawn with (any rising number)."""

    key: str
    size_bytes: int
    last_used: float


def to_evict(held: Sequence[Held], *, needed_bytes: int, budget_bytes: int) -> list[str]:
    """Keys to drop, least recently used first, until `needed_bytes` more fit into the budget.

    What is larger than the budget still gets all the room there is: it may fit after all, and the device says so.
    """
    used = sum(each.size_bytes for each in held)
    leaving = []
    for each in sorted(held, key=lambda one: one.last_used):
        if used + needed_bytes <= budget_bytes:
            break
        leaving.append(each.key)
        used -= each.size_bytes
    return leaving
