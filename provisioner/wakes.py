"""Whether parking pays here: somebody else may have the GPU by the time a parked machine is woken. Pure."""

from collections.abc import Iterable

from tasks.ledger import Instance

# How `reconcile` words that a machine did not come back.
_FAILED = "after it was woken"
# Below this share of wakes that work, members wait for machines that never run, and nothing is saved
# (docs/autoscaling.md, "What was tried": one of two still pays).
LEAST_SHARE = 0.5
# So many wakes must be seen before the trust of the simulation gives way to what is seen.
ENOUGH = 4


def parking_pays(rows: Iterable[Instance]) -> bool:
    """By the machines that were woken lately; True where too few were."""
    woken = [row for row in rows if row.waking_at is not None]
    failed = sum(_FAILED in (row.end_reason or "") for row in woken)
    return len(woken) < ENOUGH or failed <= (1 - LEAST_SHARE) * len(woken)
