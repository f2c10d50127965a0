"""A tiny SDXL that has learned a small world: train it, measure it, report on it."""

import json
from pathlib import Path
from typing import Annotated

import typer

from sandbox.tiny_sdxl.evaluation.whole import evaluation
from sandbox.tiny_sdxl.report import write_report
from sandbox.tiny_sdxl.training.settings import Settings
from sandbox.tiny_sdxl.training.whole import PARTS, train_all, train_one

_RESULTS, _REMARKS = "evaluation.json", "remarks.md"

cli = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__)
Work = Annotated[Path, typer.Option(help="checkpoints, latents and logs")]
Weights = Annotated[Path, typer.Option(help="the released weights")]
Only = Annotated[str, typer.Option(help=f"only this part, in this process: {', '.join(PARTS)}")]
Count = Annotated[int, typer.Option(min=4, help="held-out sentences; an eighth of them for the smaller experiments")]


@cli.command()
def train(work: Work = Settings.work, weights: Weights = Settings.weights, only: Only = "") -> None:
    """Train what is not trained yet and write the weights; an interrupted run goes on where it was saved."""
    settings = Settings(work=work, weights=weights)
    if not only:
        train_all(settings)
        return
    if only not in PARTS:
        raise typer.BadParameter(f"{only!r} is none of {', '.join(PARTS)}", param_hint="--only")
    train_one(only, settings)


@cli.command()
def evaluate(weights: Weights = Settings.weights, count: Count = 200) -> None:
    """Measure the released weights, and write the figures beside them."""
    figures = evaluation(weights, count)
    (weights / _RESULTS).write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    typer.echo(json.dumps(figures, indent=2))


@cli.command()
def report(work: Work = Settings.work, weights: Weights = Settings.weights) -> None:
    """Write the report from the logs of the training and the figures of `evaluate`, and draw its samples."""
    results = json.loads((weights / _RESULTS).read_text(encoding="utf-8"))
    remarks = (weights / _REMARKS).read_text(encoding="utf-8")
    typer.echo(f"written: {write_report(Settings(work=work, weights=weights), results, remarks)}")
