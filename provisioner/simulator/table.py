"""`python -m provisioner.simulator.table` measures everything and writes the tables of docs/autoscaling.md."""

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from provisioner.simulator import experiment
from provisioner.simulator.experiment import AT_OUR_COST, SCENARIOS, Result, Row

DOCUMENT = Path("docs/autoscaling.md")
_AIMED_AT = ("SkyServe", "dstack", "KEDA")
_MARGIN = 1.3
_AS_RUN = {"as shipped", "tuned"}
_HEADINGS = ("rule", "role", "$ per 1000", "mean s", "p95 s", "p99 s", "within 10 s", "launches", "wakes")


def write(
    scenario: Annotated[list[str] | None, typer.Option(help=f"one of {', '.join(SCENARIOS)}; all by default")] = None,
    seeds: Annotated[int, typer.Option(min=2)] = 10,
    document: Annotated[Path, typer.Option(help="where the tables stand between their marks")] = DOCUMENT,
) -> None:
    """Measure and replace the tables in the document."""
    for key in scenario or list(SCENARIOS):
        result = experiment.run(SCENARIOS[key], seeds=seeds, say=_say)
        document.write_text(replaced(document.read_text(encoding="utf-8"), key, "\n".join(lines(result))))


def replaced(text: str, key: str, table: str) -> str:
    """The document with this table between its marks.

    Raises:
        ValueError: the document has no such marks.
    """
    begin, end = f"<!-- table {key} -->", f"<!-- end {key} -->"
    if begin not in text or end not in text:
        raise ValueError(f"the document needs the marks {begin} and {end}, each on a line of its own")
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    return pattern.sub(lambda _: f"{begin}\n{table}\n{end}", text)


def lines(result: Result) -> list[str]:
    """The table in Markdown, what the bounds are, and who beats us."""
    rows = sorted(result.rows, key=lambda row: row.figures["usd_per_1000"].mean)
    optimum = "; ".join(f"{name} ${value}" for name, value in result.optimum.items())
    return [
        f"**{result.scenario.title}**, {result.seeds} seeds, mean ± 95 % interval:",
        "",
        f"| {' | '.join(_HEADINGS)} |",
        "|---|---|" + "---:|" * (len(_HEADINGS) - 2),
        *(_line(row) for row in rows),
        "",
        f"What cannot be beaten, $ per 1000: {optimum}.",
        "",
        *(f"- {sentence}" for sentence in [*verdicts(rows), *aims(rows)]),
    ]


def verdicts(rows: Sequence[Row]) -> list[str]:
    """For each of our points, which rules wait less at its cost, and the best of the others if none does."""
    found = []
    for ours in (row for row in rows if row.family == "Easel"):
        limit = AT_OUR_COST * _usd(ours)
        rivals = sorted((row for row in rows if row.family != "Easel" and _usd(row) <= limit), key=_p95)
        better = [row for row in rivals if _p95(row) < _p95(ours)]
        said = f"{ours.name} (${_usd(ours):.2f}, p95 {_p95(ours):.0f} s)"
        if better:
            losses = ", ".join(f"{row.name} (${_usd(row):.2f}, {_p95(row):.0f} s)" for row in better)
            found.append(f"{said} **loses** at its cost to {losses}.")
        elif rivals:
            next_best = rivals[0]
            said_next = f"{next_best.name} (${_usd(next_best):.2f}, {_p95(next_best):.0f} s)"
            found.append(f"{said} waits least at its cost; next is {said_next}.")
        else:
            found.append(f"{said} is cheaper than every other rule.")
    return found


def aims(rows: Sequence[Row]) -> list[str]:
    """The aim against the others as they are run, and against each of their settings that was picked for our cost."""
    run = [row for row in rows if row.family == "Easel" or _AS_RUN & set(row.roles)]
    return [f"Against rules as shipped or tuned {aim(run)}", f"Against every setting above {aim(rows)}"]


def aim(rows: Sequence[Row]) -> str:
    """The aim: as cheap as the cheapest of three, and as quick as the quickest that costs 1.3 times that."""
    cheapest = min((row for row in rows if row.family in _AIMED_AT), key=_usd)
    quickest = min((row for row in rows if row.family != "Easel" and _usd(row) <= _MARGIN * _usd(cheapest)), key=_p95)
    reached = [
        row.name
        for row in rows
        if row.family == "Easel" and _usd(row) <= _usd(cheapest) and _p95(row) <= _p95(quickest)
    ]
    aimed = f"${_usd(cheapest):.2f} ({cheapest.name}) and p95 {_p95(quickest):.0f} s ({quickest.name})"
    return f"the aim, {aimed}, is {'reached by ' + ', '.join(reached) if reached else '**not reached**'}."


def _line(row: Row) -> str:
    figures = row.figures
    cells = [str(figures[name]) for name in ("usd_per_1000", "mean_s", "p95_s", "p99_s")]
    share, launches, wakes = (figures[name].mean for name in ("quick_share", "launches", "wakes"))
    name = f"**{row.name}**" if row.family == "Easel" else row.name
    role = "" if row.family == "Easel" else ", ".join(row.roles)
    return f"| {' | '.join([name, role, *cells, f'{100 * share:.0f} %', f'{launches:.0f}', f'{wakes:.0f}'])} |"


def _usd(row: Row) -> float:
    return row.figures["usd_per_1000"].mean


def _p95(row: Row) -> float:
    return row.figures["p95_s"].mean


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - progress of a long measurement


if __name__ == "__main__":
    typer.run(write)
