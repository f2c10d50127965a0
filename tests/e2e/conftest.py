"""One whole system for all end-to-end tests: starting it costs more than each of them."""

from collections.abc import Iterator

import pytest

from sandbox.studio import Studio


@pytest.fixture(scope="session")
def running_studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    with Studio(tmp_path_factory.mktemp("studio")) as studio:
        yield studio


@pytest.fixture
def studio(running_studio: Studio) -> Iterator[Studio]:
    """The running system, with all faults of an earlier test cleared."""
    yield running_studio
    running_studio.discord("DELETE", "faults")
    running_studio.vast("DELETE", "faults")
