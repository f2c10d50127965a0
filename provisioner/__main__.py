"""`python -m provisioner`: runs the fleet, shows it, and ends it; the other commands are in `provisioner.cli`."""

import json
import signal
import sys
import time
from contextlib import suppress
from threading import Event
from typing import Annotated, NoReturn

import structlog
import typer
from redis.exceptions import RedisError
from rich.console import Console
from sqlalchemy.exc import SQLAlchemyError

from config.loading import Registry, load_registry
from config.problems import ConfigurationError
from config.settings import ProvisionerSettings, load_settings
from provisioner import reaping, showing, status
from provisioner.cli import machines, market, pushing, spending, warming
from provisioner.cli.desk import Desk
from provisioner.composition import build_loop, utc_now
from provisioner.lead import ROLE
from provisioner.providers import factory
from provisioner.simulator.cli import simulate
from provisioner.waking import WakeChannel
from tasks import logs
from tasks.connections import connect
from tasks.ledger import Ledger

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
log = structlog.get_logger()

# A pass that hangs is broken off after this. Longer than the provider's own timeout: an order that was sent should be
# written down, for until the next start nobody looks for it.
GRACE_S = 12
_LOCAL_PAUSE_S, _REMOTE_PAUSE_S = 0.3, 3.2

Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


@app.callback()
def entry(ctx: typer.Context) -> None:
    """Rents GPU machines when the queue backs up, destroys them when idle, and brings lost jobs back."""
    ctx.obj = _desk  # opened by the command, so that --help needs no configuration


@app.command()
def run() -> None:
    """Manage the fleet and bring lost jobs back, until SIGTERM. Machines are left as they are."""
    settings, registry = _configuration()
    logs.configure("provisioner", log_format=settings.log_format)
    over = _stop_on_signals()
    ledger, redis = Ledger.open(settings.database_url), connect(settings.redis_url)
    provider = factory.provider_of(settings, registry, registry.profile)
    loop = build_loop(settings, registry, ledger=ledger, redis=redis, provider=provider)
    log.info("provisioner starts", deployment=registry.fleet.deployment, profile=registry.fleet.profile)
    if provider is None:
        log.warning(factory.missing(registry.profile))
    try:
        loop.run(WakeChannel(redis, over=over))
    finally:
        with suppress(SQLAlchemyError):
            _say_what_stays(ledger)
        ledger.close()


for command in (
    market.offers,
    market.profiles,
    machines.up,
    machines.down,
    machines.park,
    machines.unpark,
    machines.logs,
    machines.ssh,
    spending.cost,
    warming.warmup,
    pushing.push,
    simulate,
):
    app.command()(command)


@app.command("status")
def show_status(*, as_json: Json = False) -> None:
    """What is rented, what it costs, and what the fleet is about."""
    settings, _ = _configuration()
    logs.configure("provisioner", log_format=settings.log_format)
    ledger, now = Ledger.open(settings.database_url), utc_now()
    try:
        reported = status.read(connect(settings.redis_url))
    except RedisError as error:
        log.warning("redis does not answer", error=str(error))
        reported = None
    rows = ledger.instances.live()
    worked_at = ledger.jobs.last_worked_at([row.id for row in rows])
    data = showing.status_data(reported, rows, ledger.leadership.current(ROLE), now=now, worked_at=worked_at)
    ledger.close()
    if as_json:
        typer.echo(json.dumps(data, indent=2))
        return
    console = Console()
    for line in showing.status_lines(data, now=now):
        console.print(line, soft_wrap=True)  # a sentence stays whole in a pipe
    if data["instances"]:
        console.print(showing.status_table(data))
    for line in showing.idle_lines(data):
        console.print(line, style="yellow", soft_wrap=True)


@app.command()
def reap(
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    orphans: Annotated[bool, typer.Option("--orphans", help="Only machines without a live intent.")] = False,
    as_json: Json = False,
) -> None:
    """Destroy every machine with our label at the provider, after showing what it costs."""
    settings, registry = _configuration()
    logs.configure("provisioner", log_format=settings.log_format)
    provider = factory.provider_of(settings, registry, registry.profile)
    if provider is None:
        _fail(f"no machine can be found or destroyed: {factory.missing(registry.profile)}")
    ledger = _ledger_if_possible(settings)
    if ledger is None and orphans:
        _fail("without the ledger nobody can say which machines are orphans; reap without --orphans ends all of them")
    catch = reaping.find(provider, ledger, deployment=registry.fleet.deployment, now=utc_now(), orphans=orphans)
    _show(catch, as_json=as_json, asked=yes)
    left: tuple[reaping.Victim, ...] = ()
    if catch.victims and (yes or (not as_json and typer.confirm(f"Destroy {len(catch.victims)}?"))):
        pause_s = _REMOTE_PAUSE_S if provider.capabilities.remote else _LOCAL_PAUSE_S
        left = reaping.destroy(catch.victims, provider, ledger, now=utc_now, sleep=time.sleep, pause_s=pause_s)
        _tell(catch, left, as_json=as_json)
    if left or catch.problem:
        raise typer.Exit(1)


def _say_what_stays(ledger: Ledger) -> None:
    rows = ledger.instances.live()
    if not rows:
        log.info("provisioner ends; no machine is rented")
        return
    log.warning(
        "provisioner ends, and money still runs: start it again, or end all with: python -m provisioner reap",
        machines=len(rows),
        usd_per_hour=round(sum(row.usd_per_hour for row in rows), 4),
    )


def _show(catch: reaping.Catch, *, as_json: bool, asked: bool) -> None:
    if catch.problem:
        typer.echo(f"The provider's list may be incomplete: {catch.problem}", err=True)
    if as_json:
        if not (asked and catch.victims):
            typer.echo(json.dumps({"found": showing.victims_data(catch.victims), "destroyed": []}, indent=2))
    elif catch.victims:
        Console().print(showing.victims_table(catch.victims))
    else:
        typer.echo("No machine to destroy.")


def _tell(catch: reaping.Catch, left: tuple[reaping.Victim, ...], *, as_json: bool) -> None:
    ended = [victim.listed.provider_instance_id for victim in catch.victims if victim not in left]
    if as_json:
        found = showing.victims_data(catch.victims)
        typer.echo(json.dumps({"found": found, "destroyed": ended}, indent=2))
        return
    typer.echo(f"{len(ended)} destroyed. A running provisioner rents again when jobs wait.")
    for victim in left:
        typer.echo(
            f"{victim.listed.provider_instance_id} may still cost money; reap again, or look at cloud.vast.ai", err=True
        )


def _ledger_if_possible(settings: ProvisionerSettings) -> Ledger | None:
    """A machine must be destroyable even where the database is away."""
    try:
        return Ledger.open(settings.database_url)
    except SQLAlchemyError as error:
        log.warning("the ledger cannot be opened; going by the provider's list alone", error=type(error).__name__)
        return None


def _configuration() -> tuple[ProvisionerSettings, Registry]:
    try:
        settings = load_settings(ProvisionerSettings)
        return settings, load_registry(settings.config_dir)
    except ConfigurationError as error:
        _fail(str(error))


def _desk() -> Desk:
    settings, registry = _configuration()
    logs.configure("provisioner", log_format=settings.log_format)
    return Desk(settings, registry)


def _fail(message: str) -> NoReturn:
    typer.echo(message, err=True)
    sys.exit(2)


def _stop_on_signals() -> Event:
    over = Event()

    def stop(_number: int, _frame: object) -> None:
        over.set()
        signal.alarm(GRACE_S)

    def break_off(_number: int, _frame: object) -> NoReturn:
        message = "a pass did not end in time"
        raise SystemExit(message)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGALRM, break_off)
    return over


if __name__ == "__main__":
    app()
