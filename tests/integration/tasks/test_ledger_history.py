"""What a member may look up and end: their own jobs and nobody else's, on every database."""

from tasks.ledger import Ledger
from tasks.lifecycle import JobState
from tests.conftest import ManualClock
from tests.specs import new_job


def test_a_member_sees_their_own_jobs_newest_first(ledger: Ledger, clock: ManualClock) -> None:
    """Pages do not overlap and hold nothing of others."""
    ids = []
    for _ in range(3):
        clock.advance(1)
        ids.append(ledger.jobs.receive(new_job(user_id=1), now=clock()).job.id)
    ledger.jobs.receive(new_job(user_id=2), now=clock())
    assert [job.id for job in ledger.history.of_user(1, limit=2)] == [ids[2], ids[1]]
    assert [job.id for job in ledger.history.of_user(1, limit=2, offset=2)] == [ids[0]]
    assert ledger.history.count(1) == 3


def test_cancel_all_ends_what_waits_and_nothing_else(ledger: Ledger, clock: ManualClock) -> None:
    """Another member's jobs go on, and so does what had ended."""
    waiting = ledger.jobs.receive(new_job(user_id=1), now=clock()).job
    queued = ledger.jobs.receive(new_job(user_id=1), now=clock()).job
    ledger.jobs.queue(queued.id, now=clock())
    ended = ledger.jobs.receive(new_job(user_id=1), now=clock()).job
    ledger.jobs.cancel(ended.id, now=clock())
    other = ledger.jobs.receive(new_job(user_id=2), now=clock()).job
    cancelled = ledger.history.cancel_all(1, now=clock())
    assert {job.id for job in cancelled} == {waiting.id, queued.id}
    assert all(job.state is JobState.CANCELLED for job in cancelled)
    assert ledger.history.cancel_all(1, now=clock()) == []
    assert [job.id for job in ledger.jobs.outstanding()] == [other.id]


def test_a_job_knows_its_parent(ledger: Ledger, clock: ManualClock) -> None:
    """The link between pictures survives the parent's end."""
    parent = ledger.jobs.receive(new_job(), now=clock()).job
    child = ledger.jobs.receive(new_job(parent_id=parent.id, relation="reroll"), now=clock()).job
    found = ledger.jobs.get(child.id)
    assert found is not None
    assert (found.parent_id, found.relation) == (parent.id, "reroll")


def test_a_message_leads_to_its_job(ledger: Ledger, clock: ManualClock) -> None:
    """Menus on a message need no memory but the ledger's."""
    assert ledger.history.of_message(5) is None
    job = ledger.jobs.receive(new_job(), now=clock()).job
    ledger.history.picture_deleted(job.id, now=clock())
    found = ledger.jobs.get(job.id)
    assert found is not None
    assert found.deleted_at == clock()
