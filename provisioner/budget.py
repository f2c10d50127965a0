"""The caps of fleet.toml. They hold whatever the queue says, and what they block is said in words. Pure."""

from dataclasses import dataclass

from config.registry import Fleet

_S_PER_HOUR = 3600.0


@dataclass(frozen=True, kw_only=True)
class Spending:
    """What runs and what was spent, orphans at the provider included.

    `budget_usd`: the owner's order for the day, which counts where it is lower than the file's cap; None without one.
    """

    instances: int
    usd_per_hour: float
    usd_today: float
    creates_last_10_min: int
    usd_this_month: float = 0.0
    budget_usd: float | None = None


def objection(
    fleet: Fleet, spending: Spending, *, usd_per_hour: float = 0.0, session_s: float = 0.0, once_usd: float = 0.0
) -> str:
    """Why one more machine at `usd_per_hour`, needed for at least `session_s`, may not be rented; "" where it may.

    `once_usd` is what it downloads before it is ready.
    """
    return _against_number(fleet, spending) or money(
        fleet, spending, usd_per_hour=usd_per_hour, session_s=session_s, once_usd=once_usd
    )


def _against_number(fleet: Fleet, spending: Spending) -> str:
    if spending.instances >= fleet.max_instances:
        return f"max_instances is {fleet.max_instances} and {spending.instances} are there"
    if spending.creates_last_10_min >= fleet.max_creates_per_10_min:
        return f"max_creates_per_10_min is {fleet.max_creates_per_10_min} and is used up"
    return ""


def money(
    fleet: Fleet, spending: Spending, *, usd_per_hour: float = 0.0, session_s: float = 0.0, once_usd: float = 0.0
) -> str:
    """Why `usd_per_hour` more must not be spent, as for a machine that is parked and would run; "" where it may."""
    hourly = spending.usd_per_hour + usd_per_hour
    if hourly > fleet.max_usd_per_hour:
        return f"max_usd_per_hour is ${fleet.max_usd_per_hour:.2f}, and it would be ${hourly:.2f}"
    projected = spending.usd_today + once_usd + hourly * session_s / _S_PER_HOUR
    if day_is_spent(fleet, spending) or projected > day_cap(fleet, spending):
        cap = f"{day_cap_name(fleet, spending)} is ${day_cap(fleet, spending):.2f}"
        more = f", and ${once_usd:.2f} would be for downloads" if once_usd > 0 else ""
        return f"{cap}, and ${spending.usd_today:.2f} are spent since midnight UTC{more}"
    projected = spending.usd_this_month + once_usd + hourly * session_s / _S_PER_HOUR
    if month_is_spent(fleet, spending) or projected > fleet.max_usd_per_month:
        cap = f"max_usd_per_month is ${fleet.max_usd_per_month:.2f}"
        return f"{cap}, and ${spending.usd_this_month:.2f} are spent since the first of the month"
    return ""


def day_is_spent(fleet: Fleet, spending: Spending) -> bool:
    """Whether the daily cap is reached; then machines are ended, too."""
    return spending.usd_today >= day_cap(fleet, spending)


def day_cap(fleet: Fleet, spending: Spending) -> float:
    """US dollars that may be spent a day: the file's word, or less by hand."""
    ordered = spending.budget_usd
    return fleet.max_usd_per_day if ordered is None else min(ordered, fleet.max_usd_per_day)


def day_cap_name(fleet: Fleet, spending: Spending) -> str:
    """Whose word that is."""
    is_ordered = day_cap(fleet, spending) < fleet.max_usd_per_day
    return "the day's budget, ordered by hand," if is_ordered else "max_usd_per_day"


def month_is_spent(fleet: Fleet, spending: Spending) -> bool:
    """Whether the monthly cap is reached; then machines are ended, too."""
    return spending.usd_this_month >= fleet.max_usd_per_month
