"""docs/options.md and the code say the same."""

import ast
import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from tasks.references import PreprocessorRef, SafetyRef
from tasks.schema import (
    CheckpointRef,
    ControlRef,
    ImageToImageSpec,
    InpaintSpec,
    InputRef,
    LoraRef,
    TextToImageSpec,
    UpscaleSpec,
)

ROOT = Path(__file__).parents[3]
TABLE = (ROOT / "docs" / "options.md").read_text(encoding="utf-8")
PROOFS = sorted(set(re.findall(r"`([\w/]+\.py)::(\w+)`", TABLE)))
SECTIONS: dict[str, tuple[tuple[str, ...], tuple[type[BaseModel], ...]]] = {
    "specs": (("## All kinds", "## Of a kind"), (TextToImageSpec, ImageToImageSpec, InpaintSpec, UpscaleSpec)),
    "loras": (("## Of a LoRA",), (LoraRef,)),
    "controls": (("## Of a ControlNet",), (ControlRef,)),
    "preprocessors": (("## Of a preprocessor",), (PreprocessorRef,)),
    "pictures": (("## Of a given picture",), (InputRef,)),
    "checkpoints": (("## Of a checkpoint's entry in the registry",), (CheckpointRef,)),
    "safety": (("## Of a safety checker",), (SafetyRef,)),
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
    """A test that was renamed takes its row along, and one that asserts nothing proves nothing."""
    path = ROOT / file if "/" in file else Path(__file__).parent / file
    found = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if is_named(node, name)]
    assert len(found) == 1
    assert re.search(r"\bassert |raises\(", ast.unparse(found[0]))


def is_named(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name
