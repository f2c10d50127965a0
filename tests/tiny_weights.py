"""Fixtures for whoever draws: the tiny weights, built once, and references to them."""

import os
from pathlib import Path

import pytest

from config.registry import Weights
from tasks.schema import CheckpointRef

os.environ["HF_HUB_OFFLINE"] = "1"  # before huggingface_hub is imported: no test asks the Hub


@pytest.fixture(scope="session")
def tiny_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from sandbox.weights import build_tiny_sdxl  # noqa: PLC0415 - torch takes seconds to import

    folder = tmp_path_factory.mktemp("weights")
    build_tiny_sdxl.build(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_ref(tiny_weights: Path) -> CheckpointRef:
    return CheckpointRef(
        id="tiny-sdxl",
        format="folder",
        weights=Weights(source=f"file:{tiny_weights / 'tiny-sdxl'}"),
        max_pixels=512 * 512,
    )


@pytest.fixture(scope="session")
def single_ref(tiny_weights: Path) -> CheckpointRef:
    single = tiny_weights / "tiny-sdxl-single"
    return CheckpointRef(
        id="tiny-sdxl-single",
        format="single_file",
        weights=Weights(source=f"file:{single}", file="tiny.safetensors"),
        config=Weights(source=f"file:{single / 'config'}"),
        max_pixels=512 * 512,
    )
