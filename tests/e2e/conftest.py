"""One whole system for all end-to-end tests: starting it costs more than each of them."""

from collections.abc import Iterator

import pytest

from sandbox.discord.world import GUILD_ID
from sandbox.studio import Studio


@pytest.fixture(scope="session")
def running_studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    owner = {"DISCORD_OWNER_GUILD_ID": GUILD_ID}  # its moderators may publish
    with Studio(tmp_path_factory.mktemp("studio"), environment=owner) as studio:
        yield studio


@pytest.fixture
def studio(running_studio: Studio) -> Iterator[Studio]:
    """The running system, with all faults of an earlier test cleared."""
    yield running_studio
    running_studio.discord("DELETE", "faults")
    running_studio.vast("DELETE", "faults")
