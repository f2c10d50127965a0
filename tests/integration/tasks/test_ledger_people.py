"""What members keep, how the ledger forgets them, and alerts that are given once: on every database."""

from datetime import timedelta

from tasks.ledger import Ledger, Visitor
from tasks.ledger.house_models import AuditEntry, Block
from tasks.ledger.people_models import Style, scope_of_guild, scope_of_user
from tests.conftest import ManualClock
from tests.specs import new_job, tiny_spec

GUILD, USER, OTHER = 21, 11, 12


def test_defaults_are_changed_one_by_one(ledger: Ledger) -> None:
    """What is left out stays; one is forgotten by its name, a reset forgets all, and only one's own."""
    ledger.people.set(USER, {"images": 2, "steps": 9})
    ledger.people.set(OTHER, {"images": 4})
    assert ledger.people.set(USER, {"images": 3}) == {"images": 3, "steps": 9}
    assert ledger.people.forget(USER, "steps")
    assert not ledger.people.forget(USER, "steps")
    assert ledger.people.settings(USER) == {"images": 3}
    assert ledger.people.reset(USER)
    assert not ledger.people.reset(USER)
    assert (ledger.people.settings(USER), ledger.people.settings(OTHER)) == ({}, {"images": 4})


def test_own_styles_come_before_the_servers_of_the_same_name(ledger: Ledger) -> None:
    """And nobody sees another member's own."""
    for scope, words in [(scope_of_user(USER), "mine"), (scope_of_guild(GUILD), "ours"), (scope_of_user(OTHER), "no")]:
        ledger.people.put_style(Style(scope=scope, name="ink", owner_id=USER, values_json={"words": words}))
    assert [style.values_json["words"] for style in ledger.people.styles(USER, GUILD)] == ["mine", "ours"]
    assert [style.values_json["words"] for style in ledger.people.styles(USER, None)] == ["mine"]


def test_a_person_is_forgotten_whole(ledger: Ledger, clock: ManualClock) -> None:
    """Jobs with their attempts, styles, defaults, prompts in the audit; blocks and today's number stay, others' all."""
    began = clock()
    job = ledger.jobs.receive(new_job(user_id=USER, spec=tiny_spec(seeds=(1, 2))), now=clock()).job
    ledger.jobs.queue(job.id, now=clock())
    ledger.jobs.claimed(job.id, epoch=1, worker_id="w", now=clock())
    other = ledger.jobs.receive(new_job(user_id=OTHER), now=clock()).job
    ledger.people.set(USER, {"images": 2})
    ledger.people.put_style(Style(scope=scope_of_user(USER), name="ink", owner_id=USER, values_json={}))
    ledger.people.put_style(Style(scope=scope_of_guild(GUILD), name="oil", owner_id=USER, values_json={}))
    note = AuditEntry(guild_id=GUILD, at=clock(), actor_id=USER, action="filtered", target_id=USER, detail="secret")
    ledger.house.put(Block(guild_id=GUILD, user_id=USER, until=clock() + timedelta(days=1), reason="x"), note)
    erased = ledger.privacy.erase(USER, day_began=began, now=clock())
    assert (erased.jobs, erased.styles) == (1, 1)
    assert ledger.jobs.last_worked_at(["w"]) == {}
    dossier = ledger.privacy.dossier(USER)
    assert (dossier.jobs, dossier.styles, dossier.settings) == ([], [], None)
    assert [entry.detail for entry in dossier.audit] == [""]
    assert len(dossier.blocks) == 1
    assert [style.owner_id for style in ledger.people.styles(OTHER, GUILD)] == [0]
    assert ledger.jobs.get(other.id) is not None


def test_erasing_keeps_the_number_of_todays_pictures(ledger: Ledger, clock: ManualClock) -> None:
    """As so many less for the rest of the day; a job that was cancelled by erasing costs nothing."""
    began = clock()
    ledger.jobs.receive(new_job(user_id=USER, guild_id=GUILD, spec=tiny_spec(seeds=(1, 2))), now=clock())
    ledger.privacy.erase(USER, day_began=began, now=clock())
    visitor = Visitor(guild_id=GUILD, user_id=USER)
    assert ledger.house.seen_by(visitor, day_began=began, now=clock()).granted == 0


def test_an_alert_is_given_once_and_may_be_taken_back(ledger: Ledger, clock: ManualClock) -> None:
    """One that could not be delivered is tried again."""
    assert ledger.alerts.is_first("budget", now=clock())
    assert not ledger.alerts.is_first("budget", now=clock())
    ledger.alerts.withdraw("budget")
    assert ledger.alerts.is_first("budget", now=clock())


def test_ends_are_seen_once(ledger: Ledger, clock: ManualClock) -> None:
    """From the last look on."""
    job = ledger.jobs.receive(new_job(), now=clock()).job
    before = clock()
    clock.advance(1)
    ledger.jobs.cancel(job.id, now=clock())
    assert [each.id for each in ledger.alerts.ended_since(before)] == [job.id]
    assert ledger.alerts.ended_since(clock()) == []
