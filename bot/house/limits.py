"""What a member may, put together from the rules of their roles. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from config.registry import Quotas
from tasks.ledger import House
from tasks.ledger.house_models import RoleLimit
from tasks.schema import MAX_IMAGES


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The outcome. `per_day` and `max_steps` None: the house sets none."""

    per_day: int | None
    parallel: int
    max_steps: int | None
    max_images: int
    priority: int


def limits_of(house: House, quotas: Quotas) -> Limits:
    """Of several roles the most generous counts; where no role says anything, the owner's quotas do.

    No house can allow more jobs at once than the owner does.
    """
    rules = house.limits
    per_day = _most(rule.per_day for rule in rules)
    parallel = _most(rule.parallel for rule in rules)
    images = _most(rule.max_images for rule in rules)
    return Limits(
        per_day=None if per_day is None else per_day + house.granted,
        parallel=min(parallel or quotas.max_outstanding_per_user, quotas.max_outstanding_per_user),
        max_steps=_most(rule.max_steps for rule in rules),
        max_images=MAX_IMAGES if images is None else images,
        priority=_most(rule.priority for rule in rules) or 0,
    )


def day_began(now: datetime) -> datetime:
    """Quotas begin anew at midnight UTC."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def day_ends(now: datetime) -> datetime:
    """When the quota of today is over."""
    return day_began(now) + timedelta(days=1)


def has_any(rule: RoleLimit) -> bool:
    """Whether a rule limits anything."""
    return _most((rule.per_day, rule.parallel, rule.max_steps, rule.max_images, rule.priority)) is not None


def _most(values: Iterable[int | None]) -> int | None:
    return max((value for value in values if value is not None), default=None)
