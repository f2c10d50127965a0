"""House rules on every database: what a visitor sees, what a day's quota is, and that a failed job gives it back."""

from datetime import timedelta

from tasks.errors import ErrorCode
from tasks.ledger import Ledger, Visitor
from tasks.ledger.house_models import AuditEntry, Block, Grant, RoleLimit
from tasks.schema import Failure
from tests.conftest import ManualClock
from tests.specs import new_job, tiny_spec

GUILD, USER, MODERATOR = 21, 11, 5
VISITOR = Visitor(guild_id=GUILD, user_id=USER, channel_ids=(31,), role_ids=(7,))


def entry(clock: ManualClock, action: str = "limits", target_id: int | None = None) -> AuditEntry:
    return AuditEntry(guild_id=GUILD, at=clock(), actor_id=MODERATOR, action=action, target_id=target_id, detail="")


def test_used_is_what_did_not_fail_today(ledger: Ledger, clock: ManualClock) -> None:
    """Pictures count, not jobs; failed, cancelled and expired ones and those of yesterday and elsewhere do not."""
    began = clock()
    spec = tiny_spec(seeds=(1, 2, 3))
    ledger.jobs.receive(new_job(spec=spec, user_id=USER, guild_id=GUILD), now=began - timedelta(days=1))
    jobs = [ledger.jobs.receive(new_job(spec=spec, user_id=USER, guild_id=GUILD), now=clock()).job for _ in range(4)]
    ledger.jobs.receive(new_job(spec=spec, user_id=USER, guild_id=99), now=clock())
    assert ledger.house.seen_by(VISITOR, day_began=began, now=clock()).used == 12
    ledger.jobs.cancel(jobs[0].id, now=clock())
    ledger.jobs.failed(jobs[1].id, epoch=None, failure=Failure(code=ErrorCode.WORKER_FAULT), now=clock())
    ledger.jobs.expire(jobs[2].id, now=clock())
    assert ledger.house.seen_by(VISITOR, day_began=began, now=clock()).used == 3


def test_limits_of_own_roles_and_of_everyone_are_seen(ledger: Ledger, clock: ManualClock) -> None:
    """@everyone has the guild's id; other roles and other guilds do not count. A rule is replaced, not doubled."""
    for guild, role, per_day in [(GUILD, 7, 1), (GUILD, 7, 5), (GUILD, GUILD, 3), (GUILD, 8, 50), (99, 7, 60)]:
        ledger.house.put(RoleLimit(guild_id=guild, role_id=role, per_day=per_day), entry(clock))
    house = ledger.house.seen_by(VISITOR, day_began=clock(), now=clock())
    assert {rule.role_id: rule.per_day for rule in house.limits} == {7: 5, GUILD: 3}


def test_blocks_end_and_grants_last_a_day(ledger: Ledger, clock: ManualClock) -> None:
    """Both by the clock alone; nobody has to tidy up."""
    until = clock() + timedelta(hours=1)
    ledger.house.put(Block(guild_id=GUILD, user_id=USER, until=until, reason="spam"), entry(clock))
    ledger.house.put(Grant(guild_id=GUILD, user_id=USER, amount=4, at=clock()), entry(clock))
    house = ledger.house.seen_by(VISITOR, day_began=clock(), now=clock())
    assert house.block is not None
    assert (house.block.reason, house.granted) == ("spam", 4)
    clock.advance(3600)
    later = ledger.house.seen_by(VISITOR, day_began=clock(), now=clock())
    assert (later.block, later.granted) == (None, 0)


def test_every_change_leaves_its_trace(ledger: Ledger, clock: ManualClock) -> None:
    """By whoever did it and whom it was about, newest first; what changed nothing is not noted."""
    key = {"guild_id": GUILD, "user_id": USER}
    ledger.house.put(Block(**key, until=None, reason=""), entry(clock, "block", USER))
    clock.advance(1)
    assert ledger.house.drop(Block, key, entry(clock, "unblock", USER))
    assert not ledger.house.drop(Block, key, entry(clock, "unblock", USER))
    assert [each.action for each in ledger.house.audit(GUILD, user_id=USER)] == ["unblock", "block"]
    assert [each.action for each in ledger.house.audit(GUILD, user_id=MODERATOR, since=clock())] == ["unblock"]
    assert ledger.house.audit(99) == []


def test_priority_credit_lets_more_jobs_go_first(ledger: Ledger, clock: ManualClock) -> None:
    """A role's priority widens the first class and never touches other members' first jobs."""
    plain = [ledger.jobs.receive(new_job(user_id=1), now=clock()).job.priority for _ in range(4)]
    favoured = [ledger.jobs.receive(new_job(user_id=2, priority_credit=2), now=clock()).job.priority for _ in range(4)]
    assert (plain, favoured) == ([0, 3, 6, 9], [0, 0, 0, 3])
