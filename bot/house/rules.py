"""The house's word on an order: before it is made (place, person, quota) and once it is (words, numbers). Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot import model_index
from bot.house import prompt_filter
from bot.house.adult import Policy, Showing, showing
from bot.house.limits import Limits, day_ends, limits_of
from bot.refusals import RefusalCode, Refused
from config.loading import Registry
from tasks.ledger import House
from tasks.ledger.house_models import ChannelRule
from tasks.schema import JobSpec

_SHOWN_MODELS = 8


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the order was given."""

    age_restricted: bool = False


def check_visitor(house: House, registry: Registry, now: datetime) -> Limits:
    """Raises `Refused` where this member may not draw here and now, whatever they ask for."""
    if house.block is not None:
        until = house.block.until
        raise Refused(
            RefusalCode.BLOCKED if until is None else RefusalCode.BLOCKED_UNTIL,
            given=house.block.reason,
            until=0 if until is None else int(until.timestamp()),
        )
    if any(not rule.enabled for rule in house.channels):
        raise Refused(RefusalCode.CHANNEL_OFF)
    limits = limits_of(house, registry.quotas)
    if house.outstanding >= limits.parallel:
        raise Refused(RefusalCode.OWN_QUOTA, given=house.outstanding, limit=limits.parallel)
    if house.everybody >= registry.quotas.max_outstanding:
        raise Refused(RefusalCode.OVERALL_QUOTA, given=house.everybody, limit=registry.quotas.max_outstanding)
    if limits.per_day is not None and house.used >= limits.per_day:
        raise _day_over(house, limits, now)
    return limits


def allowed_models(registry: Registry, house: House) -> Registry:
    """The registry as this house sees it: denied models are gone, and once one is allowed, all others are."""
    allowed = {rule.model_id for rule in house.models if rule.allowed}
    denied = {rule.model_id for rule in house.models if not rule.allowed}
    kept = {
        name: checkpoint
        for name, checkpoint in registry.checkpoints.items()
        if name not in denied and (not allowed or name in allowed)
    }
    return replace(registry, checkpoints=kept)


def check_model(typed: str | None, *, allowed: Registry, registry: Registry) -> None:
    """Raises `Refused` where the house has denied the model that was named, or every one."""
    if not allowed.checkpoints:
        raise Refused(RefusalCode.NO_MODEL)
    if typed is None or model_index.resolve(allowed.checkpoints, typed) is not None:
        return
    named = model_index.resolve(registry.checkpoints, typed)
    if named is not None:
        known = ", ".join(list(allowed.checkpoints)[:_SHOWN_MODELS])
        raise Refused(RefusalCode.MODEL_DENIED, "model", given=named.name, known=known)


def check_spec(spec: JobSpec, house: House, limits: Limits, place: Place, now: datetime) -> Showing:
    """How the pictures may be shown.

    Raises:
        Refused: the order is more than this member may have, or its words are not wanted here.
    """
    if spec.num_images > limits.max_images:
        raise Refused(RefusalCode.HOUSE_LIMIT, "images", given=spec.num_images, most=limits.max_images)
    if limits.max_steps is not None and spec.num_inference_steps > limits.max_steps:
        raise Refused(RefusalCode.HOUSE_LIMIT, "steps", given=spec.num_inference_steps, most=limits.max_steps)
    if limits.per_day is not None and house.used + spec.num_images > limits.per_day:
        raise _day_over(house, limits, now)
    _check_words(spec, house)
    shown = showing(_policy(house), adult=is_adult(spec, house), age_restricted=place.age_restricted)
    if shown is Showing.NOT:
        raise Refused(RefusalCode.ADULT_HERE, "prompt")
    return shown


def adult_showing(house: House, place: Place) -> Showing:
    """How a picture of this order may be shown that turns out to be adult."""
    return showing(_policy(house), adult=True, age_restricted=place.age_restricted)


def is_adult(spec: JobSpec, house: House) -> bool:
    """Whether the house calls these words adult."""
    return prompt_filter.find(spec.prompt, [each.pattern for each in house.patterns if each.adult]) is not None


def may_preview(rules: Sequence[ChannelRule]) -> bool:
    """Whether unfinished pictures may be shown where these rules hold, a thread's and its channel's; no rule: yes.

    Where adult pictures are hidden, nobody has yet said whether this one will be.
    """
    return all(rule.preview and rule.nsfw_policy != Policy.SPOILER for rule in rules)


def _check_words(spec: JobSpec, house: House) -> None:
    found = prompt_filter.find(spec.prompt, [each.pattern for each in house.patterns if not each.adult])
    if found is not None:
        raise Refused(RefusalCode.FILTERED, "prompt", given=found)


def _policy(house: House) -> Policy:
    """Of a thread and its channel the stricter one; no rule means block."""
    order = [Policy.BLOCK, Policy.AGE_RESTRICTED, Policy.SPOILER]
    policies = [Policy(rule.nsfw_policy) for rule in house.channels]
    return min(policies, key=order.index, default=Policy.BLOCK)


def _day_over(house: House, limits: Limits, now: datetime) -> Refused:
    return Refused(RefusalCode.DAY_QUOTA, given=house.used, limit=limits.per_day, again=int(day_ends(now).timestamp()))
