"""The trained weights in the repository: small, safe, and where the registry says."""

import json
from pathlib import Path

import pytest
from safetensors import safe_open

from config.loading import load_registry

ROOT = Path(__file__).parents[3]
DRAWN = ROOT / "sandbox" / "weights" / "drawn"
FILES = sorted(DRAWN.rglob("*.safetensors"))


def test_all_of_them_stay_small() -> None:
    """A checkout must not grow by more than 12 MB for them."""
    assert sum(path.stat().st_size for path in FILES) <= 12_000_000


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(DRAWN)))
def test_half_precision(path: Path) -> None:
    """Every tensor of numbers is fp16."""
    with safe_open(path, framework="pt") as file:
        kinds = {file.get_slice(key).get_dtype() for key in file.keys()}  # noqa: SIM118 - no mapping
    assert kinds <= {"F16", "I64"}


def test_the_registry_names_a_folder_that_is_there() -> None:
    """The trained checkpoint can be opened from a fresh checkout, with the prediction that it was trained for."""
    entry = load_registry(ROOT / "sandbox" / "config").checkpoints["shapes"]
    folder = ROOT / entry.source.removeprefix("file:")
    scheduler = json.loads((folder / "scheduler" / "scheduler_config.json").read_text(encoding="utf-8"))
    assert scheduler["prediction_type"] == entry.prediction
    assert scheduler["timestep_spacing"] == entry.timestep_spacing


def test_configs_name_no_machine() -> None:
    """No config remembers a folder of whoever trained it."""
    for path in DRAWN.rglob("*.json"):
        assert "_name_or_path" not in json.loads(path.read_text(encoding="utf-8")), path
