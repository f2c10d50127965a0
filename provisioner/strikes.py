"""What a machine has done to us: each failure is a strike that halves every day, each start that worked takes one off.

A market of strangers' machines has some that never start, and they come back as the cheapest. Pure.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from provisioner.lifecycle import NOT_READY
from tasks.ledger import Instance
from tasks.schema import age_s

HALF_LIFE_S = 24 * 3600.0
# So much memory of a machine keeps it from being rented at all.
TOO_MANY = 2.5
# How `reconcile` and `launching` begin the reason when a machine failed.
_FAULTS = (NOT_READY, "runs, but no worker", "the provider says", "not at the provider", "created broken")
# What we believe of a machine that we never met: one of these starts fails (research: 8 %).
_PRIOR_GOOD, _PRIOR_BAD = 11.0, 1.0


@dataclass(frozen=True)
class Strikes:
    """Machine id → decayed number of starts that failed and that worked."""

    bad: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    good: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def of(cls, rows: Iterable[Instance], *, now: datetime) -> "Strikes":
        """From the ledger's rows, those that ended and those that were ready once."""
        bad: dict[str, float] = {}
        good: dict[str, float] = {}
        for row in rows:
            weight = 0.5 ** (age_s(row.intended_at, now=now) / HALF_LIFE_S)
            if row.ready_at is not None:
                good[row.machine_id] = good.get(row.machine_id, 0.0) + weight
            elif _is_its_fault(row):
                bad[row.machine_id] = bad.get(row.machine_id, 0.0) + weight
        return cls(bad, good)

    def score(self, machine_id: str) -> float:
        """Failures that count by now."""
        return self.bad.get(machine_id, 0.0)

    def too_many(self, machine_id: str) -> bool:
        """Whether this machine is left alone until its strikes have decayed."""
        return self.score(machine_id) >= TOO_MANY

    def chance(self, machine_id: str) -> float:
        """The probability that a start becomes ready, by what we saw of the machine and of machines in general."""
        good = _PRIOR_GOOD + self.good.get(machine_id, 0.0)
        # A host that failed lately tends to fail again: one strike weighs more than one good start.
        bad = _PRIOR_BAD + 4.0 * self.score(machine_id)
        return good / (good + bad)


def _is_its_fault(row: Instance) -> bool:
    """It existed, never got ready, and was ended for that; not by hand, by a cap or because nobody needed it."""
    return row.provider_instance_id is not None and (row.end_reason or "").startswith(_FAULTS)


NONE = Strikes()
