"""Which models leave when another one needs room: those whose return would cost least, for their size. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

# After so many uses of others, a use counts half. Long enough to tell a favourite from a passing fancy.
HALF_LIFE_USES = 12.0
_NO_COST_S = 1.0


@dataclass(frozen=True)
class Held:
    """A checkpoint or a ControlNet in memory.

    `last_used` counts uses of any; `heat` is how often this one was used, as of then, older uses counting
    less, and remembered while it was out of memory; `reload_s` is what loading it took.
    """

    key: str
    size_bytes: int
    last_used: float
    heat: float = 1.0
    reload_s: float = _NO_COST_S


def heat_after(heat: float, *, uses_since: float) -> float:
    """The heat of a checkpoint that is used now, `uses_since` uses after the last time."""
    return _cooled(heat, uses_since) + 1.0


def to_evict(
    held: Sequence[Held],
    *,
    needed_bytes: int,
    budget_bytes: int,
    now: float | None = None,
    wanted: Collection[str] = (),
) -> list[str]:
    """Keys to drop, until `needed_bytes` more fit into the budget.

    What waiting jobs draw with (`wanted`) leaves last. Of the others those leave first that are worth least: expected
    uses times seconds to load again, for each byte (as in GreedyDual-Size-Frequency). Equals leave by age, so that
    checkpoints of one size, cost and use behave as under LRU.

    What is larger than the budget still gets all the room there is: it may fit after all, and the device says so.

    Args:
        held: what is in memory.
        needed_bytes: size of what comes.
        budget_bytes: what all together may take.
        now: the present count of uses; by default the latest `last_used`.
        wanted: keys of what waiting jobs draw with.
    """
    present = max((each.last_used for each in held), default=0.0) if now is None else now
    used = sum(each.size_bytes for each in held)
    leaving = []
    for each in sorted(held, key=lambda one: (one.key in wanted, _worth(one, present), one.last_used)):
        if used + needed_bytes <= budget_bytes:
            break
        leaving.append(each.key)
        used -= each.size_bytes
    return leaving


def _worth(held: Held, present: float) -> float:
    return _cooled(held.heat, present - held.last_used) * held.reload_s / max(1, held.size_bytes)


def _cooled(heat: float, uses: float) -> float:
    return float(heat * 0.5 ** (max(0.0, uses) / HALF_LIFE_USES))
