"""Rules of the architecture that import-linter cannot see."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRODUCT = ("config", "tasks", "bot", "gpu_worker", "provisioner")
CLOCKS = {"now", "utcnow", "time", "monotonic", "perf_counter", "sleep"}
RANDOM = {"random", "choice", "randint", "token_hex", "token_urlsafe", "randbelow"}


@pytest.mark.parametrize(
    "module", ["bot", "bot.courier", "provisioner", "tasks.app", "tasks.ledger", "gpu_worker.run_job"]
)
def test_starts_without_torch(module: str) -> None:
    """The control plane never pays for torch, and a worker's Celery side starts before its tensors."""
    code = f"import sys, {module}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


@pytest.mark.parametrize("module", ["gpu_worker.run_job", "config.loading", "tasks.schema"])
def test_a_rented_machine_needs_no_database_driver(module: str) -> None:
    """The GPU image carries neither the ledger nor Discord nor a cloud SDK."""
    code = f"import sys, {module}; sys.exit(bool({{'sqlalchemy', 'discord', 'vastai', 'alembic'}} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def pure_modules() -> list[Path]:
    """The modules whose first docstring ends with "Pure."."""
    files = [path for package in PRODUCT for path in (ROOT / package).rglob("*.py")]
    return [path for path in files if (ast.get_docstring(ast.parse(path.read_text())) or "").endswith("Pure.")]


def test_there_are_pure_modules() -> None:
    """The rule below must not go blind."""
    names = {path.stem for path in pure_modules()}
    assert {"lifecycle", "routing", "estimate"} <= names


@pytest.mark.parametrize("path", pure_modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_pure_means_pure(path: Path) -> None:
    """A pure module takes the present moment as an argument and does no I/O; move what it needs to its caller."""
    calls = [node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    names = {call.attr if isinstance(call, ast.Attribute) else getattr(call, "id", "") for call in calls}
    forbidden = names & (CLOCKS | RANDOM | {"open", "print", "connect"})
    assert not forbidden, f"{path} calls {sorted(forbidden)}"


def test_no_settings_outside_the_entry_points() -> None:
    """Settings are built in `__main__` (and Celery's entry modules) and handed down."""
    allowed = {"__main__.py", "celery.py", "app.py", "settings.py", "worker.py"}
    offenders = [
        str(path.relative_to(ROOT))
        for package in PRODUCT
        for path in (ROOT / package).rglob("*.py")
        if "load_settings(" in path.read_text() and path.name not in allowed
    ]
    assert not offenders
