"""The life of a job as a table. Every move is a compare-and-set on (state, epoch) in the ledger. Pure."""

from enum import StrEnum


class JobState(StrEnum):
    """Where a job stands; the ledger is the only authority on it."""

    RECEIVED = "received"
    QUEUED = "queued"
    CLAIMED = "claimed"
    RENDERED = "rendered"
    POSTING = "posting"
    POSTED = "posted"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


S = JobState

EDGES: dict[JobState, frozenset[JobState]] = {
    S.RECEIVED: frozenset(
        {
            S.QUEUED,  # acknowledged and published
            S.CANCELLED,  # the member changed their mind at once
            S.FAILED,  # refused after the row was written
            S.EXPIRED,  # the bot died and nobody came back for it in time
        }
    ),
    S.QUEUED: frozenset(
        {
            S.QUEUED,  # the message was lost: published again with the next epoch
            S.CLAIMED,  # a worker took the lease
            S.RENDERED,  # the news of the claim was lost, the pictures were not
            S.CANCELLED,  # Cancel pressed while waiting
            S.FAILED,  # a worker refused the spec before the news of its claim arrived
            S.EXPIRED,  # waited longer than max_job_age_s
        }
    ),
    S.CLAIMED: frozenset(
        {
            S.RENDERED,  # pictures handed over
            S.QUEUED,  # the lease ended without a result: another attempt
            S.CANCELLED,  # Cancel pressed while drawing
            S.FAILED,  # the worker said why it cannot, or the last attempt is used up
            S.EXPIRED,  # older than max_job_age_s
        }
    ),
    S.RENDERED: frozenset(
        {
            S.POSTING,  # a courier took it
            S.QUEUED,  # the pictures are gone or were rejected: draw again
            S.FAILED,  # rejected on the last attempt
        }
    ),
    S.POSTING: frozenset(
        {
            S.POSTED,  # Discord has it
            S.RENDERED,  # the courier died or Discord is down: try again, same nonce
            S.QUEUED,  # the pictures turned out broken: draw again
            S.FAILED,  # Discord will never take it (channel deleted, no permission)
        }
    ),
    S.POSTED: frozenset(),
    S.FAILED: frozenset(),
    S.CANCELLED: frozenset(),
    S.EXPIRED: frozenset(),
}

ENDED = frozenset(state for state, targets in EDGES.items() if not targets)
OUTSTANDING = frozenset(JobState) - ENDED
WAITING_FOR_GPU = frozenset({S.RECEIVED, S.QUEUED, S.CLAIMED})
CANCELLABLE = frozenset(state for state, targets in EDGES.items() if S.CANCELLED in targets)

MAX_ATTEMPTS = 3
MAX_LOST_HOSTS = 2


def sources_of(target: JobState) -> frozenset[JobState]:
    """The states from which `target` may be reached."""
    return frozenset(state for state, targets in EDGES.items() if target in targets)
