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
from tasks.schema import FleetStatus

_MOST_MACHINES = 15


@dataclass(frozen=True, kw_only=True)
class Quote:
    """What a question about money is made of. `machine` is the one that is meant, if one is."""

    machines: Sequence[Instance]
    machine: Instance | None
    hours: int
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
        said = say(key, hours=quote.hours, rate=f"{rate:.3f}", whole=f"{rate * quote.hours:.2f}", **locales)
        return f"{said}\n{_spent(quote, locale)}"
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


def _manner(act: str, machine: Instance) -> str:
    """A machine that draws nothing yet, or no more, is ended at once."""
    if act != "drain" or machine.state == "ready":
        return "ask"
    return "parked" if machine.state == "parked" else "starting"


def _spent(quote: Quote, locale: str) -> str:
    if quote.status is None:
        return say("fleet.spent.unknown", locale=locale)
    cap = quote.registry.fleet.max_usd_per_day
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
    return say("fleet.order", locale=locale, name=order.name, until=until, reason=harmless(order.reason, most=120))
