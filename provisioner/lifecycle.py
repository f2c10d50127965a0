"""The life of a rented machine as a table, and how long each state may last. Pure."""

from enum import StrEnum

from tasks.ledger.instances import DESTROYED, INTENDED


class State(StrEnum):
    """Where a machine stands in the ledger. All but DESTROYED may cost money."""

    INTENDED = INTENDED
    AMBIGUOUS = "ambiguous"
    ALLOCATING = "allocating"
    PULLING = "pulling"
    BOOTING = "booting"
    READY = "ready"
    PARKED = "parked"
    WAKING = "waking"
    DRAINING = "draining"
    DESTROYING = "destroying"
    DESTROYED = DESTROYED


S = State

EDGES: dict[State, frozenset[State]] = {
    S.INTENDED: frozenset(
        {
            S.ALLOCATING,  # the provider said yes
            S.AMBIGUOUS,  # no answer, or we died between asking and writing it down
            S.DESTROYING,  # an error that made a machine nevertheless, or ended by hand
            S.DESTROYED,  # refused: it never existed
        }
    ),
    S.AMBIGUOUS: frozenset(
        {
            S.ALLOCATING,  # found by its label: adopted
            S.DESTROYED,  # two complete listings without it: given up
            S.DESTROYING,  # ended by hand
        }
    ),
    S.ALLOCATING: frozenset(
        {
            S.PULLING,  # the host loads the image
            S.BOOTING,  # the container runs
            S.READY,  # its worker was quicker than the listing
            S.DESTROYING,  # failed, gone or too late
        }
    ),
    S.PULLING: frozenset(
        {
            S.BOOTING,  # the container runs
            S.READY,  # its worker was quicker than the listing
            S.DESTROYING,  # failed, gone or too late
        }
    ),
    S.BOOTING: frozenset(
        {
            S.READY,  # the first heartbeat of a worker that takes jobs
            S.DESTROYING,  # no worker came up in time, or it failed
        }
    ),
    S.READY: frozenset(
        {
            S.DRAINING,  # idle for too long, or a cap is reached
            S.PARKED,  # idle for too long, and its disk is worth keeping
            S.DESTROYING,  # lost: container, host or heartbeat
        }
    ),
    S.PARKED: frozenset(
        {
            S.WAKING,  # asked to run again
            S.DESTROYING,  # kept for long enough, or lost
        }
    ),
    S.WAKING: frozenset(
        {
            S.READY,  # the first heartbeat since
            S.DESTROYING,  # its GPU was rented to somebody else meanwhile, or no worker came up
        }
    ),
    S.DRAINING: frozenset(
        {
            S.READY,  # it took a job at the last moment
            S.DESTROYING,  # it holds nothing
        }
    ),
    S.DESTROYING: frozenset(
        {
            S.DESTROYED,  # accepted by the provider and absent from a complete listing after that
        }
    ),
    S.DESTROYED: frozenset(),
}

# Asked for or on its way: counts as capacity, so that nothing is rented for work that it will take.
STARTING = frozenset({S.INTENDED, S.AMBIGUOUS, S.ALLOCATING, S.PULLING, S.BOOTING, S.WAKING})
BOOTABLE = frozenset({S.ALLOCATING, S.PULLING, S.BOOTING})
UNRESOLVED = frozenset({S.INTENDED, S.AMBIGUOUS})
DESTROYABLE = frozenset(state for state, targets in EDGES.items() if S.DESTROYING in targets)

# How the reason begins when the deadline from intent to ready, which each offer brings along, was passed.
NOT_READY = "not ready after"

# Seconds.
RUNNING_WITHOUT_WORKER_S = 180.0  # the container runs, and no worker was ever heard
SILENT_READY_S = 45.0  # on top of the heartbeat's own TTL; a restart of Redis must not cost a fleet
SILENT_FAILED_S = 6.0  # the provider says that it failed, and no new heartbeat contradicts it
MISSING_S = 20.0  # not in complete listings, and silent
UNRESOLVED_GAP_S = 10.0  # between the two complete listings that give an ambiguous create up
DEAF_AFTER_S = 60.0  # a job has waited this long while a worker is idle: that worker will not take it
ORPHAN_GRACE_S = 90.0  # our label, no live intent
UNPARK_S = 30.0  # asked to run again and still stopped: its GPU is somebody else's now
PARKED_AND_RUNNING_S = 60.0  # parked, and the provider says that it runs: it would be billed for nothing
BLIND_S = 600.0  # without Redis no worker can work; by then rented ones end themselves, where they still can


def sources_of(target: State) -> frozenset[State]:
    """The states from which `target` may be reached."""
    return frozenset(state for state, targets in EDGES.items() if target in targets)
