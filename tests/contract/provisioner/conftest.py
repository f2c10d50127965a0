"""A local Vast per test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioner.providers.vast import VastProvider
from tests.conftest import ManualClock
from tests.vast_sandbox import KEY, VastSandbox


@pytest.fixture
def vast(tmp_path: Path, clock: ManualClock) -> Iterator[VastSandbox]:
    sandbox = VastSandbox(tmp_path / "vast", clock)
    sandbox.start()
    yield sandbox
    sandbox.stop()


@pytest.fixture
def vast_provider(vast: VastSandbox) -> VastProvider:
    return VastProvider(api_key=KEY, url=vast.url)
