"""Writes a command down as a job, or says why not. Synchronous: the bot calls it in one hop to a ledger thread."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ulid import ULID

from bot.again import Again, revise
from bot.defaults import Conflict, compose
from bot.derived import Derived, derive
from bot.house.adult import Showing
from bot.house.limits import Limits, day_began
from bot.house.rules import Place, adult_showing, allowed_models, check_model, check_spec, check_visitor
from bot.own_defaults import applied, settled
from bot.refusals import Refusal, RefusalCode, Refused
from bot.submission import Options, submit
from config.loading import Registry
from tasks.ledger import House, Job, Ledger, NewJob, Visitor
from tasks.ledger.house_models import AuditEntry
from tasks.schema import MAX_SEED, JobSpec, SafetyRef

Order = Options | Again | Derived

_AUDITED = frozenset({RefusalCode.FILTERED, RefusalCode.ADULT_HERE})


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """Who sent the command, from where, and how to answer."""

    interaction_id: int
    application_id: int
    interaction_token: str
    user_id: int
    guild_id: int | None
    channel_id: int
    locale: str
    attachment_limit_bytes: int
    parent_channel_id: int | None = None  # of a thread
    role_ids: tuple[int, ...] = ()
    age_restricted: bool = False

    @property
    def visitor(self) -> Visitor:
        """This member as the house sees them."""
        channels = tuple(each for each in (self.channel_id, self.parent_channel_id) if each is not None)
        return Visitor(guild_id=self.guild_id, user_id=self.user_id, channel_ids=channels, role_ids=self.role_ids)


@dataclass(frozen=True)
class Wishes:
    """An order with every default in it, and how its pictures are to be shown."""

    order: Order
    private: bool
    spoiler: bool
    by_dm: bool
    conflicts: Sequence[Conflict] = ()
    defaulted: Sequence[str] = ()
    left_out: Sequence[str] = ()

    def applied(self, spec: JobSpec) -> tuple[str, ...]:
        """The options of the final order that the member's own defaults filled in."""
        return applied(self.defaulted, self.order, spec) if isinstance(self.order, Options) else ()


@dataclass(frozen=True)
class Accepted:
    """A job in the ledger; `created` is False where the command had arrived before.

    `left_out` are options whose default, one of the member's own, cannot be had here any more.
    """

    job: Job
    created: bool
    conflicts: Sequence[Conflict] = ()
    left_out: Sequence[str] = ()


@dataclass(frozen=True)
class Admission:
    """The house's word before an order is complete; `private`: the member's own default."""

    refusal: Refusal | None
    private: bool


def accept(ledger: Ledger, registry: Registry, *, arrival: Arrival, order: Order, now: datetime) -> Accepted | Refusal:
    """The job's row, committed; a replayed command finds the row that it made before, whatever the quotas say now."""
    known = ledger.jobs.of_interaction(arrival.interaction_id)
    if known is not None:
        return Accepted(known, created=False)
    house = ledger.house.seen_by(arrival.visitor, day_began=day_began(now), now=now)
    try:
        limits = check_visitor(house, registry, now)
        wishes = _wishes(ledger, arrival, order, allowed_models(registry, house))
        spec = _checked(_ordered(wishes.order, registry, house, limits), registry)
        place = Place(age_restricted=arrival.age_restricted)
        shown = check_spec(spec, house, limits, place, now)
    except Refused as refused:
        _note(ledger, arrival, order, refused.refusal, now)
        return refused.refusal
    new = _new_job(arrival, wishes, spec, shown, limits)
    receipt = ledger.jobs.receive(replace(new, adult_showing=adult_showing(house, place)), now=now)
    return Accepted(receipt.job, receipt.created, wishes.conflicts, wishes.left_out)


def admit(ledger: Ledger, registry: Registry, *, arrival: Arrival, now: datetime) -> Admission:
    """Whether this member may draw here and now, whatever it is: asked before their pictures are fetched."""
    private = bool(ledger.people.settings(arrival.user_id).get("private"))
    if ledger.jobs.of_interaction(arrival.interaction_id) is not None:
        return Admission(None, private)
    house = ledger.house.seen_by(arrival.visitor, day_began=day_began(now), now=now)
    try:
        check_visitor(house, registry, now)
    except Refused as refused:
        return Admission(refused.refusal, private)
    return Admission(None, private)


def _wishes(ledger: Ledger, arrival: Arrival, order: Order, allowed: Registry) -> Wishes:
    """The order with flags, style and those of the member's own defaults in it that are allowed. Raises `Refused`."""
    settings = ledger.people.settings(arrival.user_id)
    by_dm = settings.get("notify") == "dm"
    if not isinstance(order, Options):
        private = bool(settings.get("private")) if order.private is None else order.private
        return Wishes(order, private=private, spoiler=order.spoiler, by_dm=by_dm)
    names_style = order.style is not None or settings.get("style") is not None
    styles = ledger.people.styles(arrival.user_id, arrival.guild_id) if names_style else ()
    composed = compose(order, settings=settings, styles=styles)
    options, left_out = settled(composed.options, composed.defaulted, allowed)
    return Wishes(
        options,
        private=bool(options.private),
        spoiler=bool(options.spoiler),
        by_dm=composed.by_dm,
        conflicts=composed.conflicts,
        defaulted=[name for name in composed.defaulted if name not in left_out],
        left_out=left_out,
    )


def _ordered(order: Order, registry: Registry, house: House, limits: Limits) -> JobSpec:
    """Raises `Refused` for an order that cannot be."""
    allowed = allowed_models(registry, house)
    check_model(order.model, allowed=allowed, registry=registry)
    if isinstance(order, Options):
        return submit(order, registry=allowed, draw_seed=draw_seed, most_steps=limits.max_steps)
    if isinstance(order, Again):
        return revise(order, registry=allowed, draw_seed=draw_seed)
    return derive(order, registry=allowed, draw_seed=draw_seed, most_steps=limits.max_steps)


def _checked(spec: JobSpec, registry: Registry) -> JobSpec:
    """With today's safety checker or none, whatever a parent's order had."""
    safety = SafetyRef.of(registry.safety) if registry.safety is not None else None
    return spec.model_copy(update={"safety": safety})


def _new_job(arrival: Arrival, wishes: Wishes, spec: JobSpec, shown: Showing, limits: Limits) -> NewJob:
    order = wishes.order
    return NewJob(
        id=str(ULID()),
        spec=spec,
        interaction_id=arrival.interaction_id,
        application_id=arrival.application_id,
        interaction_token=arrival.interaction_token,
        user_id=arrival.user_id,
        guild_id=arrival.guild_id,
        channel_id=arrival.channel_id,
        locale=arrival.locale,
        attachment_limit_bytes=arrival.attachment_limit_bytes,
        parent_id=order.parent_id,
        relation=order.relation,
        private=wishes.private,
        spoiler=wishes.spoiler or shown is Showing.SPOILER,
        by_dm=wishes.by_dm,
        defaulted=wishes.applied(spec),
        priority_credit=limits.priority,
    )


def _note(ledger: Ledger, arrival: Arrival, order: Order, refusal: Refusal, now: datetime) -> None:
    """Moderators can look up whose words were refused."""
    if refusal.code not in _AUDITED or arrival.guild_id is None:
        return
    entry = AuditEntry(
        guild_id=arrival.guild_id,
        at=now,
        actor_id=arrival.user_id,
        action=str(refusal.code),
        target_id=arrival.user_id,
        detail=order.words[:500],
    )
    ledger.house.note(entry)


def draw_seed() -> int:
    """Any seed there is."""
    return secrets.randbelow(MAX_SEED + 1)
