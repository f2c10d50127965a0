"""`offers` and `profiles`: what could be rented, and why the rest could not."""

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from provisioner import offers as ranking
from provisioner.appraisal import Appraisal
from provisioner.cli.desk import Json, ProfileName, fail, open_desk, print_json, utc_now
from provisioner.composition import download_gb
from provisioner.offers import Ranking
from provisioner.providers.base import Offer


def offers(
    ctx: typer.Context,
    *,
    profile: ProfileName = "",
    as_json: Json = False,
    limit: Annotated[int, typer.Option(help="How many lines of each kind.")] = 15,
) -> None:
    """What fits a profile, best first with its real price, and the reason against each of the others."""
    desk = open_desk(ctx)
    chosen = desk.profile(profile)
    listed = desk.provider(chosen).offers(chosen)
    if listed.problem:
        fail(listed.problem)
    gigabytes = download_gb(desk.registry, chosen)
    ledger = desk.ledger()
    known = Appraisal.of(ledger.instances.recent_ends(), chosen, download_gb=gigabytes, now=utc_now())
    ledger.close()
    found = known.rank(listed.offers)
    if as_json:
        print_json(_data(found, known))
        return
    console = Console()
    if found.fitting:
        console.print(_fitting(found, known, limit))
    if found.rejected:
        console.print(_rejected(found, limit))
    typer.echo(f"{found.summary}.")
    for line in ranking.remedies(listed.offers, chosen):
        typer.echo(line)


def profiles(ctx: typer.Context, *, as_json: Json = False) -> None:
    """The profiles of profiles/: what each rents, from whom, and at most for how much."""
    desk = open_desk(ctx)
    known = desk.registry.profiles
    if as_json:
        print_json([one.model_dump(mode="json") for one in known.values()])
        return
    table = Table("profile", "providers", "GPU", "VRAM", "at most $/h", "disk GB", "warm", "download GB", "used")
    for one in known.values():
        table.add_row(
            one.id,
            ", ".join(one.providers),
            ", ".join(one.gpu.names) or "any",
            f"{one.gpu.min_vram_gb:g} GB",
            f"{one.max_usd_per_hour:.2f}",
            f"{one.disk_gb:g}",
            ", ".join(one.warm),
            f"{download_gb(desk.registry, one):.1f}",
            "by the fleet" if one.id == desk.registry.fleet.profile else "",
        )
    Console().print(table)


def _fitting(found: Ranking, known: Appraisal, limit: int) -> Table:
    columns = ("offer", "GPU", "VRAM", "$/h", "net $", "until ready", "given up", "first hour", "reliability")
    table = Table(*columns, "Mbit/s", "where", "strikes")
    for one in found.fitting[:limit]:
        boot, strikes = known.boot(one), known.strikes.score(one.machine_id)
        table.add_row(
            one.id,
            one.gpu + (" (bid)" if one.is_interruptible else ""),
            f"{one.vram_gb:.0f} GB",
            f"{one.usd_per_hour:.3f}",
            f"{known.download_gb * one.usd_per_gb_down:.3f}",
            f"{boot.expected_s / 60:.1f} min",
            f"{boot.deadline_s / 60:.1f} min",
            f"${known.first_hour_usd(one):.3f}",
            f"{one.reliability:.3f}",
            f"{one.download_mbps:.0f}",
            one.country,
            f"{strikes:.1f}" if strikes else "",
        )
    return table


def _rejected(found: Ranking, limit: int) -> Table:
    table = Table("offer", "GPU", "$/h", "against it")
    for one, reason in found.rejected[:limit]:
        table.add_row(one.id, one.gpu, f"{one.usd_per_hour:.3f}", reason)
    if len(found.rejected) > limit:
        table.add_row("…", f"{len(found.rejected) - limit} more", "", "--limit shows them")
    return table


def _data(found: Ranking, known: Appraisal) -> dict[str, Any]:
    def plain(one: Offer) -> dict[str, Any]:
        boot = known.boot(one)
        return {
            "id": one.id,
            "provider": one.provider or known.profile.providers[0],
            "machine_id": one.machine_id,
            "gpu": one.gpu,
            "vram_gb": one.vram_gb,
            "usd_per_hour": one.usd_per_hour,
            "interruptible": one.is_interruptible,
            "download_usd": known.download_gb * one.usd_per_gb_down,
            "boot_s": boot.expected_s,
            "boot_deadline_s": boot.deadline_s,
            "first_hour_usd": known.first_hour_usd(one),
            "strikes": known.strikes.score(one.machine_id),
        }

    return {
        "profile": known.profile.id,
        "summary": found.summary,
        "fitting": [plain(one) for one in found.fitting],
        "rejected": [plain(one) | {"reason": reason} for one, reason in found.rejected],
    }
