"""The command line and the document's tables."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from provisioner.__main__ import app
from provisioner.simulator.experiment import Row
from provisioner.simulator.outcome import Interval
from provisioner.simulator.synthetic import Shape, generate
from provisioner.simulator.table import aim, replaced, verdicts
from provisioner.simulator.trace import write_csv


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    path = tmp_path / "trace.csv.gz"
    write_csv(path, generate(Shape(requests=60, days=0.3), seed=1))
    return path


def test_simulate_prints_figures_and_draws(trace: Path, tmp_path: Path) -> None:
    """Every rule by its name, as JSON with intervals, and a picture."""
    plot = tmp_path / "out.png"
    arguments = ["simulate", "--trace", str(trace), "--policy", "all", "--seeds", "2", "--json", "--plot", str(plot)]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert len(found) == 15
    assert found["Easel standard"]["usd_per_1000"]["mean"] > 0
    assert plot.read_bytes().startswith(b"\x89PNG")


def test_simulate_shows_a_table(trace: Path) -> None:
    """Our three points by default."""
    result = CliRunner().invoke(app, ["simulate", "--trace", str(trace), "--seeds", "1"])
    assert result.exit_code == 0, result.output
    assert "77 jobs in 0.2 days" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["--policy", "magic"], "--policy magic is unknown; there are all, thrifty"), (["--trace", "no.csv"], "no.csv")],
)
def test_simulate_refuses_with_a_sentence(arguments: list[str], message: str) -> None:
    """No traceback for a typo."""
    result = CliRunner().invoke(app, ["simulate", *arguments])
    assert result.exit_code == 2
    assert message in result.stderr


def row(family: str, name: str, usd: float, p95: float) -> Row:
    return Row(
        family=family,
        name=name,
        roles=(name,),
        figures={"usd_per_1000": Interval(usd, 0.1), "p95_s": Interval(p95, 1.0)},
    )


def test_losses_are_said() -> None:
    """A rule that waits less at our cost is named; so is an aim that is not reached."""
    rows = [row("Easel", "Easel fast", 2.0, 30), row("KEDA", "KEDA 5", 2.05, 20), row("dstack", "dstack", 1.9, 50)]
    assert "**loses** at its cost to KEDA 5 ($2.05, 20 s)" in verdicts(rows)[0]
    assert "not reached" in aim(rows)
    better = [row("Easel", "Easel fast", 1.8, 10), *rows[1:]]
    assert "waits least at its cost; next is dstack" not in verdicts(better)[0]
    assert "reached by Easel fast" in aim(better)


def test_a_table_is_replaced_between_its_marks() -> None:
    """And nothing else of the document changes."""
    text = "a\n<!-- table k -->\nold\n<!-- end k -->\nb"
    assert replaced(text, "k", "new") == "a\n<!-- table k -->\nnew\n<!-- end k -->\nb"
    with pytest.raises(ValueError, match="needs the marks"):
        replaced(text, "other", "new")
