"""`cost`: what the fleet cost, by machine and by day."""

import csv
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from provisioner import charging, spending
from provisioner.cli.desk import Json, fail, open_desk, print_json, utc_now
from provisioner.providers import factory
from provisioner.spending import Report


def cost(
    ctx: typer.Context,
    *,
    since: Annotated[str, typer.Option(help="How far back: 36h, 7d, 2w.")] = "7d",
    as_json: Json = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print one line per machine for a spreadsheet.")] = False,
    plot: Annotated[Path | None, typer.Option(help="Draw dollars per day into this PNG.")] = None,
    reconcile: Annotated[bool, typer.Option(help="Ask the provider what it charged.")] = True,
) -> None:
    """What the fleet cost, by machine and by day, and what the provider charged for it."""
    desk, now = open_desk(ctx), utc_now()
    try:
        begin = now - spending.period(since)
    except ValueError as error:
        fail(f"--since: {error}")
    ledger = desk.ledger()
    comparison = charging.Comparison(problem="Not compared with the provider's charges.")
    if reconcile:
        provider = factory.provider_of(desk.settings, desk.registry, desk.registry.profile)
        deployment = desk.registry.fleet.deployment
        comparison = charging.compare(ledger, provider, deployment=deployment, since=begin, now=now)
    rows = ledger.instances.billed_since(begin)
    found = spending.report(rows, ledger.jobs.finished_by([row.id for row in rows]), since=begin, until=now)
    ledger.close()
    if plot is not None:
        _plot(found, plot)
    if as_json:
        print_json(found.data() | {"comparison": asdict(comparison)})
    elif as_csv:
        _print_csv(found)
    else:
        _print_table(found)
        typer.echo(comparison.sentence)


def _print_csv(found: Report) -> None:
    machines = found.data()["machines"]
    names = list(machines[0]) if machines else ["instance_id", "total_usd"]
    writer = csv.DictWriter(sys.stdout, names)
    writer.writeheader()
    writer.writerows(machines)


def _print_table(found: Report) -> None:
    table = Table(
        "instance", "provider", "GPU", "begun", "GPU h", "GPU $", "disk $", "net $", "total $", "charged $", "jobs"
    )
    for one in found.machines:
        table.add_row(
            one.instance_id,
            one.provider,
            one.gpu,
            f"{one.begun:%m-%d %H:%M}",
            f"{one.gpu_h:.2f}",
            f"{one.gpu_usd:.4f}",
            f"{one.storage_usd:.4f}",
            f"{one.bandwidth_usd:.4f}",
            f"{one.total_usd:.4f}",
            "?" if one.charged_usd is None else f"{one.charged_usd:.4f}",
            str(one.jobs),
        )
    Console().print(table)
    share = f", ${found.total_usd / found.jobs:.4f} a job" if found.jobs else ""
    typer.echo(f"${found.total_usd:.4f} since {found.since:%Y-%m-%d %H:%M} UTC, {found.jobs} jobs{share}.")


def _plot(found: Report, path: Path) -> None:
    from provisioner import plotting  # noqa: PLC0415 - matplotlib takes a second that other commands need not pay

    try:
        plotting.cost_per_day(found, path)
    except (OSError, ValueError) as error:
        fail(f"--plot: {path} cannot be written: {error}")
