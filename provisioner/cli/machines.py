"""`up`, `down`, `park`, `unpark`, `logs`, `ssh`: single machines and the whole fleet by hand."""

import os
import time
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from redis.exceptions import RedisError
from rich.console import Console
from sqlalchemy.exc import SQLAlchemyError

from provisioner import budget, costs, reaping, showing
from provisioner import offers as ranking
from provisioner.appraisal import Appraisal
from provisioner.budget import Spending
from provisioner.cli.desk import Desk, Json, Yes, agreed, fail, open_desk, print_json, utc_now
from provisioner.composition import download_gb, refusal
from provisioner.lead import ROLE
from provisioner.lifecycle import State
from provisioner.providers.abilities import KeepsLogs, OpensShells, Refused
from provisioner.providers.base import Offer, Provider
from provisioner.providers.several import SeveralProviders
from tasks import keys
from tasks.connections import connect
from tasks.ledger import Instance, Ledger
from tasks.ledger.orders import AT_LEAST, DOWN, PAUSE, UP, park_order, wake_order

_LOCAL_PAUSE_S, _REMOTE_PAUSE_S = 0.3, 3.2
Machine = Annotated[str, typer.Argument(help="The instance's id, as `status` shows it, or the provider's.")]


def up(
    ctx: typer.Context,
    *,
    hours: Annotated[
        float, typer.Option(help="For how long it stays up; 0 only lifts an earlier `down --all` or pause.")
    ] = 1.0,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Have one machine ready whatever the queue says, and lift an earlier `down --all` or pause."""
    if not 0 <= hours <= 24:  # noqa: PLR2004 - a day
        fail("--hours must be between 0 and 24")
    desk, now = open_desk(ctx), utc_now()
    ledger = desk.ledger()
    until = now + timedelta(hours=hours)
    best = _best_offer(desk, ledger, now) if hours and not ledger.instances.live() else None
    told = _quote(best, hours=hours, until=until)
    if not as_json:
        typer.echo(told["sentence"])
    ordered = agreed("Do it?", yes=yes or not hours, as_json=as_json)
    if ordered:
        lifted = any([ledger.orders.withdraw(DOWN), ledger.orders.withdraw(PAUSE)])
        if hours:
            ledger.orders.place(UP, reason="up", now=now, until=until)
        _wake(desk)
        _tell_order(told | {"lifted": lifted}, ledger, now=now, as_json=as_json)
    elif as_json:
        print_json(told | {"ordered": False})
    ledger.close()


def down(
    ctx: typer.Context,
    machine: Annotated[str, typer.Argument(help="One instance's id; or --all.")] = "",
    *,
    everything: Annotated[bool, typer.Option("--all", help="The kill switch: end all, and rent none again.")] = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """End one machine, or all of them for good: nothing is rented again before `up`."""
    if bool(machine) == everything:
        fail("name one machine, or say --all")
    desk = open_desk(ctx)
    provider = desk.provider(desk.registry.profile)
    ledger = _ledger_if_possible(desk)
    now = utc_now()
    catch = reaping.find(provider, ledger, deployment=desk.registry.fleet.deployment, now=now)
    victims = tuple(victim for victim in catch.victims if everything or _is(victim, machine))
    if machine and not victims:
        fail(f"{machine} is not among the machines at the provider; `python -m provisioner status` lists ours")
    if not as_json and victims:
        Console().print(showing.victims_table(victims))
    if not agreed(f"Destroy {len(victims)}{' and rent none again' if everything else ''}?", yes=yes, as_json=as_json):
        raise typer.Exit(1)
    if everything and ledger is not None:
        ledger.orders.withdraw(UP)
        ledger.orders.withdraw(AT_LEAST)
        ledger.orders.place(DOWN, reason=f"{now:%Y-%m-%d %H:%M} UTC", now=now)
    pause_s = _REMOTE_PAUSE_S if provider.capabilities.remote else _LOCAL_PAUSE_S
    left = reaping.destroy(victims, provider, ledger, now=utc_now, sleep=time.sleep, pause_s=pause_s)
    _tell_end(victims, left, catch.problem, held=everything and ledger is not None, as_json=as_json)


def park(ctx: typer.Context, machine: Machine, *, yes: Yes = False, as_json: Json = False) -> None:
    """Stop an idle machine and keep its disk, which is then all that it costs."""
    desk, row = _row(ctx, machine)
    disk, whole = row.storage_usd_per_hour, row.usd_per_hour
    sentence = (
        f"{row.gpu} stops once it is idle: ${disk:.4f}/h for its disk instead of ${whole:.3f}/h. "
        "Its GPU may be gone when it is woken; then it is ended, and another one is rented."
    )
    _order(desk, row, park_order(row.id), sentence, usd_per_hour=disk, yes=yes, as_json=as_json)


def unpark(ctx: typer.Context, machine: Machine, *, yes: Yes = False, as_json: Json = False) -> None:
    """Start a parked machine again."""
    desk, row = _row(ctx, machine)
    if row.state != State.PARKED:
        fail(f"{machine} is not parked; it is {row.state}")
    sentence = f"{row.gpu} runs again for ${row.usd_per_hour:.3f}/h, and ends or parks when it is idle."
    _order(desk, row, wake_order(row.id), sentence, usd_per_hour=row.usd_per_hour, yes=yes, as_json=as_json)


def _row(ctx: typer.Context, machine: str) -> tuple[Desk, Instance]:
    desk = open_desk(ctx)
    row, provider, _ = _machine(desk, machine)
    if not provider.capabilities.can_park:
        fail(f"{provider.name} cannot park; `down {machine}` ends it")
    return desk, row


def _order(
    desk: Desk, row: Instance, name: str, sentence: str, *, usd_per_hour: float, yes: bool, as_json: bool
) -> None:
    told = {"instance_id": row.id, "sentence": sentence, "usd_per_hour": usd_per_hour}
    if not as_json:
        typer.echo(sentence)
    if not agreed("Do it?", yes=yes, as_json=as_json):
        if as_json:
            print_json(told | {"ordered": False})
        return
    ledger, now = desk.ledger(), utc_now()
    ledger.orders.place(name, reason="by hand", now=now, until=now + timedelta(hours=1))
    _wake(desk)
    _tell_order(told, ledger, now=now, as_json=as_json)
    ledger.close()


def logs(
    ctx: typer.Context,
    machine: Machine,
    *,
    lines: Annotated[int, typer.Option(min=1, max=10_000, help="The last so many.")] = 200,
    as_json: Json = False,
) -> None:
    """What a machine printed, as far as its provider keeps it. Passwords in addresses are blotted out."""
    desk = open_desk(ctx)
    row, provider, own_id = _machine(desk, machine)
    if not isinstance(provider, KeepsLogs):
        fail(f"{provider.name} hands out no logs")
    log = provider.logs(own_id, lines=lines)
    if as_json:
        print_json({"instance_id": row.id, "text": log.text, "problem": log.problem})
    elif log.problem:
        fail(log.problem)
    else:
        typer.echo(log.text, nl=not log.text.endswith("\n"))


def ssh(
    ctx: typer.Context,
    machine: Machine,
    *,
    key: Annotated[Path | None, typer.Option(help="Public key to let in; default: the first of ~/.ssh/*.pub.")] = None,
    as_json: Json = False,
) -> None:
    """Open a shell on a machine."""
    desk = open_desk(ctx)
    row, provider, own_id = _machine(desk, machine)
    if not isinstance(provider, OpensShells):
        fail(f"{provider.name} opens no shells")
    address = provider.shell(own_id)
    if address.problem:
        fail(address.problem)
    if as_json:
        print_json({"instance_id": row.id, "host": address.host, "port": address.port, "user": address.user})
        return
    outcome = provider.allow_key(own_id, _public_key(key))
    if isinstance(outcome, Refused):
        typer.echo(f"The key was not added: {outcome.reason}", err=True)  # it may have been let in before
    typer.echo(f"${row.usd_per_hour:.3f}/h; it ends when it is idle for too long, even while you are in.", err=True)
    os.execvp("ssh", ["ssh", "-p", str(address.port), f"{address.user}@{address.host}"])  # noqa: S606


def _best_offer(desk: Desk, ledger: Ledger, now: datetime) -> tuple[Offer, Appraisal]:
    """The one that the fleet would rent, or a sentence and exit 2."""
    profile = desk.registry.profile
    provider = desk.provider(profile)
    unable = refusal(desk.settings, profile, provider)
    if unable:
        fail(f"nothing would be rented: {unable}")
    listed = provider.offers(profile)
    if listed.problem:
        fail(listed.problem)
    gigabytes = download_gb(desk.registry, profile)
    known = Appraisal.of(ledger.instances.recent_ends(), profile, download_gb=gigabytes, now=now)
    found = known.rank(listed.offers)
    if not found.fitting:
        fail("\n".join([found.summary, *ranking.remedies(listed.offers, profile)]))
    best = found.fitting[0]
    objection = budget.objection(
        desk.registry.fleet,
        _spending(ledger, now),
        usd_per_hour=best.usd_per_hour,
        once_usd=gigabytes * best.usd_per_gb_down,
    )
    if objection:
        fail(f"nothing would be rented: {objection}")
    return best, known


def _spending(ledger: Ledger, now: datetime) -> Spending:
    live, first = ledger.instances.live(), costs.month_start(now)
    billed = ledger.instances.billed_since(first)
    return Spending(
        instances=len(live),
        usd_per_hour=sum(costs.burn_usd_per_hour(row) for row in live),
        usd_today=costs.spent_usd(billed, since=costs.midnight(now), until=now),
        usd_this_month=costs.spent_usd(billed, since=first, until=now),
        creates_last_10_min=0,
    )


def _quote(best: tuple[Offer, Appraisal] | None, *, hours: float, until: datetime) -> dict[str, Any]:
    if not hours:
        return {"sentence": "Lifts an earlier `down --all`; rents nothing by itself.", "expected_usd": 0.0}
    if best is None:
        return {"sentence": f"A machine is there already; one is kept until {until:%H:%M} UTC.", "expected_usd": None}
    offer, known = best
    net = known.download_gb * offer.usd_per_gb_down
    whole = hours * offer.usd_per_hour + net
    sentence = (
        f"Rents {offer.gpu} for ${offer.usd_per_hour:.3f}/h and about ${net:.3f} for {known.download_gb:.0f} GB to "
        f"download; it {known.boot(offer).sentence}. "
        f"About ${whole:.2f} until {until:%H:%M} UTC; after that it ends when it is idle."
    )
    return {"sentence": sentence, "expected_usd": whole, "offer_id": offer.id, "until": until.isoformat()}


def _tell_order(told: dict[str, Any], ledger: Ledger, *, now: datetime, as_json: bool) -> None:
    leader = ledger.leadership.current(ROLE)
    is_led = leader is not None and leader.until >= now
    if as_json:
        print_json(told | {"ordered": True, "leader": is_led})
        return
    typer.echo("Ordered." if is_led else "Ordered, but no provisioner runs; start one with: python -m provisioner run")


def _wake(desk: Desk) -> None:
    with suppress(RedisError):  # it looks every few seconds anyway
        connect(desk.settings.redis_url).publish(keys.FLEET_WAKE, "up")


def _is(victim: reaping.Victim, machine: str) -> bool:
    return machine in {victim.listed.provider_instance_id, victim.row.id if victim.row else ""}


def _tell_end(
    victims: tuple[reaping.Victim, ...], left: tuple[reaping.Victim, ...], problem: str, *, held: bool, as_json: bool
) -> None:
    ended = [victim.listed.provider_instance_id for victim in victims if victim not in left]
    if as_json:
        print_json({"destroyed": ended, "left": len(left), "held": held, "problem": problem})
    else:
        lifted_by = " Nothing is rented again before: python -m provisioner up" if held else ""
        typer.echo(f"{len(ended)} destroyed.{lifted_by}")
        for victim in left:
            typer.echo(f"{victim.listed.provider_instance_id} may still cost money; say it again", err=True)
        if problem:
            typer.echo(f"The provider's list may be incomplete: {problem}", err=True)
    if left or problem:
        raise typer.Exit(1)


def _machine(desk: Desk, machine: str) -> tuple[Instance, Provider, str]:
    """Its row, its cloud, and its id there."""
    ledger = desk.ledger()
    rows = [row for row in ledger.instances.live() if machine in {row.id, row.provider_instance_id}]
    ledger.close()
    if not rows:
        fail(f"no machine {machine!r} is rented; `python -m provisioner status` lists them")
    if rows[0].provider_instance_id is None:
        fail(f"{machine} has been ordered, and the provider has not named it yet")
    provider, own_id = desk.provider(desk.profile(rows[0].profile)), rows[0].provider_instance_id
    if isinstance(provider, SeveralProviders):
        provider, own_id = provider.at(own_id) or (provider, own_id)
    return rows[0], provider, own_id


def _public_key(path: Path | None) -> str:
    candidates = [path] if path else sorted((Path.home() / ".ssh").glob("*.pub"))
    if not candidates:
        fail("there is no public key in ~/.ssh; make one with ssh-keygen, or name one with --key")
    try:
        return candidates[0].read_text(encoding="utf-8").strip()
    except OSError as error:
        fail(f"--key: {candidates[0]} cannot be read: {error.strerror}")


def _ledger_if_possible(desk: Desk) -> Ledger | None:
    """The kill switch works without it, but then a running provisioner may rent again."""
    try:
        return Ledger.open(desk.settings.database_url)
    except SQLAlchemyError:
        typer.echo(
            "The ledger cannot be opened: what runs is ended, but nothing keeps a provisioner from renting.", err=True
        )
        return None
