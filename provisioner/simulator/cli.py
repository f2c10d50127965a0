"""`python -m provisioner simulate`: what a trace costs under each rule, and how long people wait."""

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import fmean
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from provisioner.simulator import rules
from provisioner.simulator.market import MarketModel
from provisioner.simulator.outcome import Interval, Outcome, over_seeds
from provisioner.simulator.synthetic import Shape, generate
from provisioner.simulator.trace import Trace, TraceError, burstiness, read_csv
from provisioner.simulator.world import World

_COLUMNS = {
    "usd_per_1000": "$ per 1000 pictures",
    "mean_s": "mean wait s",
    "p50_s": "p50 s",
    "p95_s": "p95 s",
    "p99_s": "p99 s",
    "launches": "launches",
    "wakes": "wakes",
}
_MEAN_EXEC_S = Shape().exec_s
_NAMES = tuple(rules.by_name(_MEAN_EXEC_S))


def simulate(
    *,
    trace: Annotated[
        Path | None, typer.Option(help="CSV t_s,exec_s,user,n_images,model, also gzipped; without: a synthetic one")
    ] = None,
    policy: Annotated[
        list[str] | None, typer.Option(help=f"all, or (repeatable) {', '.join(_NAMES)}; default: our three")
    ] = None,
    seeds: Annotated[
        int, typer.Option(min=1, max=100, help="runs per rule; the trace of a file is the same in each")
    ] = 3,
    wake_success: Annotated[float, typer.Option(min=0, max=1, help="how often a parked machine's GPU is free")] = 0.75,
    dud_share: Annotated[float, typer.Option(min=0, max=0.9, help="machines that never become ready")] = 0.08,
    swap_s: Annotated[float, typer.Option(min=0, help="seconds that a change of checkpoint takes")] = 0.0,
    affinity: Annotated[bool, typer.Option(help="workers prefer jobs for the checkpoint that they have loaded")] = True,
    plot: Annotated[Path | None, typer.Option(help="cost against the 95th percentile of the wait, as PNG")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Play a trace in virtual time under the real policy and other rules. Rents nothing and costs nothing."""
    market = MarketModel(wake_success=wake_success, dud_share=dud_share, swap_s=swap_s, affinity=affinity)
    traces = _traces(trace)
    mean_exec_s = fmean(request.exec_s for request in traces(1))
    found: dict[str, dict[str, Interval]] = {}
    for factory in _chosen(policy or list(rules.OURS), mean_exec_s).values():
        outcomes = [_play(factory, traces(seed), market, seed) for seed in range(1, seeds + 1)]
        found[outcomes[0].name] = over_seeds(outcomes)
    if as_json:
        typer.echo(json.dumps(_plain(found), indent=2))
    else:
        _show(found, traces(1))
    if plot is not None:
        from provisioner.simulator.plot import frontier  # noqa: PLC0415 - matplotlib is slow to import

        frontier(found, plot)


def _traces(path: Path | None) -> Callable[[int], Trace]:
    """The file's trace whatever the seed, or a synthetic one per seed."""
    if path is None:
        known: dict[int, Trace] = {}
        return lambda seed: known.get(seed) or known.setdefault(seed, generate(Shape(), seed=seed))
    try:
        content = read_csv(path)
    except TraceError as error:
        _fail(str(error))
    return lambda _seed: content


def _chosen(names: list[str], mean_exec_s: float) -> Mapping[str, rules.Factory]:
    known = rules.by_name(mean_exec_s)
    if "all" in names:
        return known
    unknown = [name for name in names if name not in known]
    if unknown:
        _fail(f"--policy {', '.join(unknown)} is unknown; there are all, {', '.join(known)}")
    return {name: known[name] for name in names}


def _play(factory: rules.Factory, trace: Trace, market: MarketModel, seed: int) -> Outcome:
    return World(trace, factory(), market, seed=seed).run()


def _plain(found: Mapping[str, Mapping[str, Interval]]) -> dict[str, dict[str, dict[str, float | None]]]:
    """JSON has no nan: a single seed has no interval."""
    return {
        name: {
            figure: {"mean": value.mean, "half_width": None if math.isnan(value.half_width) else value.half_width}
            for figure, value in figures.items()
        }
        for name, figures in found.items()
    }


def _show(found: Mapping[str, Mapping[str, Interval]], trace: Trace) -> None:
    days, burst = trace[-1].t_s / 86_400, burstiness(trace)
    table = Table(title=f"{len(trace)} jobs in {days:.1f} days, squared CV of gaps {burst:.0f}", title_justify="left")
    table.add_column("rule", overflow="fold")
    for heading in _COLUMNS.values():
        table.add_column(heading, justify="right")
    for name, figures in sorted(found.items(), key=lambda one: one[1]["usd_per_1000"].mean):
        table.add_row(name, *(str(figures[column]) for column in _COLUMNS))
    Console().print(table)


def _fail(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(2)
