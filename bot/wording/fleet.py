"""Questions and answers about the fleet, for its owner. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.wording.catalogue import DEFAULT_LOCALE, say
from bot.wording.escaping import harmless
from bot.wording.results import MESSAGE_LIMIT
from bot.wording.studio import StudioView, studio_message
from config.loading import Registry
from config.registry import Fleet
from tasks.ledger import FleetOrder, Instance
from tasks.ledger.orders import BUDGET
from tasks.schema import FleetStatus

_MOST_MACHINES = 15


@dataclass(frozen=True, kw_only=True)
class Scale:
    """So many machines, for so many hours."""

    least: int = 0
    most: int = 0
    hours: int = 0

    @property
    def written(self) -> str:
        """As it stands in a button's id."""
        return f"{self.least}x{self.most}x{self.hours}"

    @classmethod
    def read(cls, written: str) -> "Scale":
        """The same again."""
        least, most, hours = map(int, written.split("x"))
        return cls(least=least, most=most, hours=hours)


@dataclass(frozen=True, kw_only=True)
class Quote:
    """What a question about money is made of. `machine` is the one that is meant, if one is."""

    machines: Sequence[Instance]
    machine: Instance | None
    scale: Scale
    budget_usd: float
    registry: Registry
    status: FleetStatus | None
    jobs: int


def fleet_message(
    view: StudioView,
    machines: Sequence[Instance],
    orders: Mapping[str, FleetOrder],
    *,
    caps: Fleet,
    now: datetime,
    locale: str = DEFAULT_LOCALE,
) -> str:
    """The studio's status, then what only the owner sees."""
    lines = [studio_message(view, now=now, locale=locale)]
    lines += [_machine(each, locale) for each in machines[:_MOST_MACHINES]]
    lines += [_order(each, locale) for each in orders.values()] or [say("fleet.no_orders", locale=locale)]
    lines.append(
        say(
            "fleet.caps",
            locale=locale,
            machines=caps.max_instances,
            hour=f"{caps.max_usd_per_hour:.2f}",
            day=f"{caps.max_usd_per_day:.2f}",
            month=f"{caps.max_usd_per_month:.2f}",
        )
    )
    budget = orders[BUDGET].amount if BUDGET in orders else None
    if budget is not None and budget < caps.max_usd_per_day:
        lines.append(say("fleet.caps.budget", locale=locale, day=f"{budget:.2f}"))
    return "\n".join(lines)[:MESSAGE_LIMIT]


def quote_message(act: str, quote: Quote, *, locale: str = DEFAULT_LOCALE) -> str:
    """What would happen, and what it costs at most."""
    machine, locales = quote.machine, {"locale": locale}
    if act == "up":
        rate = min(quote.registry.profile.max_usd_per_hour, quote.registry.fleet.max_usd_per_hour)
        running = [each for each in quote.machines if each.parked_at is None]
        if running:
            rate = min(each.usd_per_hour for each in running)
        key = "fleet.up.there" if running else "fleet.up.ask"
        hours = quote.scale.hours
        said = say(key, hours=hours, rate=f"{rate:.3f}", whole=f"{rate * hours:.2f}", **locales)
        return f"{said}\n{_spent(quote, locale)}"
    if act == "scale":
        return _scale(quote, locale)
    if act == "budget":
        return f"{say('fleet.budget.ask', day=f'{quote.budget_usd:.2f}', **locales)}\n{_spent(quote, locale)}"
    if act == "down":
        return say("fleet.down.ask", machines=len(quote.machines), jobs=quote.jobs, **locales)
    if machine is None:
        return say(f"fleet.{act}.which", **locales)
    values = {
        "gpu": harmless(machine.gpu, most=64),
        "rate": f"{machine.usd_per_hour:.3f}",
        "disk": f"{machine.storage_usd_per_hour:.4f}",
    }
    return say(f"fleet.{act}.{_manner(act, machine)}", **locales, **values)


def _scale(quote: Quote, locale: str) -> str:
    scale = quote.scale
    most = say("fleet.scale.most", locale=locale, hours=scale.hours, most=scale.most)
    if not scale.least:
        return most
    rate = min(scale.least * quote.registry.profile.max_usd_per_hour, quote.registry.fleet.max_usd_per_hour)
    price = {"rate": f"{rate:.3f}", "whole": f"{rate * scale.hours:.2f}"}
    least = say("fleet.scale.least", locale=locale, hours=scale.hours, least=scale.least, **price)
    return f"{least}\n{most}\n{_spent(quote, locale)}"


def _manner(act: str, machine: Instance) -> str:
    """A machine that draws nothing yet, or no more, is ended at once."""
    if act != "drain" or machine.state == "ready":
        return "ask"
    return "parked" if machine.state == "parked" else "starting"


def _spent(quote: Quote, locale: str) -> str:
    if quote.status is None:
        return say("fleet.spent.unknown", locale=locale)
    cap = quote.status.usd_per_day_cap  # as it is in force: an earlier order may be lower than the file
    return say("fleet.spent", locale=locale, today=f"{quote.status.usd_today:.2f}", cap=f"{cap:.2f}")


def _machine(row: Instance, locale: str) -> str:
    return say(
        "fleet.machine",
        locale=locale,
        id=row.id,
        gpu=harmless(row.gpu, most=64),
        state=row.state,
        rate=f"{row.usd_per_hour:.3f}",
        reason=harmless(row.reason, most=120),
    )


def _order(order: FleetOrder, locale: str) -> str:
    until = (
        "" if order.until is None else say("fleet.until", locale=locale, moment=f"<t:{int(order.until.timestamp())}:R>")
    )
    name = order.name if order.amount is None else f"{order.name} {order.amount:g}"
    return say("fleet.order", locale=locale, name=name, until=until, reason=harmless(order.reason, most=120))
