"""docs/options.md and the code say the same."""

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from tasks.schema import ControlRef, ImageToImageSpec, InpaintSpec, LoraRef, TextToImageSpec, UpscaleSpec

ROOT = Path(__file__).parents[3]
TABLE = (ROOT / "docs" / "options.md").read_text(encoding="utf-8")
PROOFS = sorted(set(re.findall(r"`([\w/]+\.py)::(\w+)`", TABLE)))
SECTIONS: dict[str, tuple[tuple[str, ...], tuple[type[BaseModel], ...]]] = {
    "specs": (("## All kinds", "## Of a kind"), (TextToImageSpec, ImageToImageSpec, InpaintSpec, UpscaleSpec)),
    "loras": (("## Of a LoRA",), (LoraRef,)),
    "controls": (("## Of a ControlNet",), (ControlRef,)),
}


def options_in(headings: tuple[str, ...]) -> set[str]:
    sections = [TABLE.split(heading)[1].split("\n## ")[0] for heading in headings]
    return {name for section in sections for name in re.findall(r"^\| `(\w+)`", section, re.MULTILINE)}


@pytest.mark.parametrize("section", SECTIONS)
def test_every_option_has_a_row(section: str) -> None:
    """And no row speaks of an option that is gone."""
    headings, models = SECTIONS[section]
    assert options_in(headings) == {name for model in models for name in model.model_fields}


def test_the_table_is_read() -> None:
    """The rule below must not go blind."""
    assert len(PROOFS) > 30


@pytest.mark.parametrize(("file", "name"), PROOFS)
def test_every_proof_exists(file: str, name: str) -> None:
    """A test that was renamed takes its row along."""
    path = ROOT / file if "/" in file else Path(__file__).parent / file
    assert f"def {name}(" in path.read_text(encoding="utf-8")
