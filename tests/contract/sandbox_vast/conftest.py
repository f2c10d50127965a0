"""One sandbox Vast per test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contract.sandbox_vast.rig import Rig, make_rig


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with make_rig(tmp_path) as one:
        yield one
