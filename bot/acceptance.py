"""Writes a command down as a job, or says why not. Synchronous: the bot calls it in one hop to a ledger thread."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from ulid import ULID

from bot.again import Again, revise
from bot.refusals import Refusal, Refused
from bot.submission import Counts, Options, check_quota, submit
from config.loading import Registry
from tasks.ledger import Ledger, NewJob, Receipt
from tasks.schema import MAX_SEED, JobSpec

Order = Options | Again


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


def accept(ledger: Ledger, registry: Registry, *, arrival: Arrival, order: Order, now: datetime) -> Receipt | Refusal:
    """The job's row, committed; a replayed command finds the row that it made before, whatever the quotas say now."""
    known = ledger.jobs.of_interaction(arrival.interaction_id)
    if known is not None:
        return Receipt(job=known, created=False)
    counts = Counts(own=ledger.jobs.count_outstanding(user_id=arrival.user_id), overall=ledger.jobs.count_outstanding())
    spec = _ordered(order, registry, counts)
    if isinstance(spec, Refusal):
        return spec
    new = NewJob(
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
        parent_id=order.parent_id if isinstance(order, Again) else None,
        relation=order.relation if isinstance(order, Again) else None,
    )
    return ledger.jobs.receive(new, now=now)


def _ordered(order: Order, registry: Registry, counts: Counts) -> JobSpec | Refusal:
    if isinstance(order, Options):
        return submit(order, registry=registry, counts=counts, draw_seed=draw_seed)
    try:
        check_quota(counts, registry.quotas)
    except Refused as refused:
        return refused.refusal
    return revise(order, registry=registry, draw_seed=draw_seed)


def draw_seed() -> int:
    """Any seed there is."""
    return secrets.randbelow(MAX_SEED + 1)
