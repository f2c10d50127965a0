"""How long machines took to get ready, beside what their offers promised: what the next start is expected by. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import median
from types import MappingProxyType

from provisioner.lifecycle import NOT_READY
from tasks.ledger import Instance
from tasks.schema import age_s

# So many starts that kept their promise are believed in before any was seen.
_PRIOR = (1.0, 1.0, 1.0)
# The newest that count: of all machines together, and of a single one.
_RECENT, _RECENT_OWN = 20, 5


@dataclass(frozen=True)
class Paces:
    """A pace is the seconds that a start took ÷ the seconds that the offer's own figures promised.

    `general` is what an unknown machine is expected to do, `own` what single machines did, by machine id, newest first.
    """

    general: float = 1.0
    own: Mapping[str, tuple[float, ...]] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def of(cls, rows: Iterable[Instance]) -> "Paces":
        """From the ledger's rows, newest first.

        A start that was given up counts with the time that it was given: it would have taken longer. The median does
        not mind by how much, so a few duds change nothing, and deadlines that are too short for everybody get longer.
        """
        seen = [(row.machine_id, pace) for row in rows if (pace := _pace(row)) is not None]
        own: dict[str, list[float]] = {}
        for machine_id, pace in seen:
            own.setdefault(machine_id, []).append(pace)
        return cls(
            general=median([*_PRIOR, *(pace for _, pace in seen[:_RECENT])]),
            own={machine_id: tuple(paces[:_RECENT_OWN]) for machine_id, paces in own.items()},
        )

    def of_machine(self, machine_id: str) -> float:
        """What to expect of this machine."""
        return median([self.general, *self.own.get(machine_id, ())])


def _pace(row: Instance) -> float | None:
    given_up = row.destroying_at if (row.end_reason or "").startswith(NOT_READY) else None
    end = row.ready_at or given_up
    if end is None or not row.boot_promised_s:
        return None
    return age_s(row.intended_at, now=end) / row.boot_promised_s


AS_PROMISED = Paces()
