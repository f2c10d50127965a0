"""Settings: every variable that is missing or wrong is named at once, with where to get it, and no secret leaks."""

import re
from pathlib import Path

import pytest

from config.launch import embedded_redis, flower_credentials, processes
from config.problems import ConfigurationError
from config.settings import (
    DiscordSettings,
    ProcessSettings,
    ProvisionerSettings,
    RunSettings,
    WorkerSettings,
    load_settings,
    variables,
)

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in (DiscordSettings, ProvisionerSettings, WorkerSettings, RunSettings):
        for name in variables(kind):
            monkeypatch.delenv(name, raising=False)


def test_a_missing_token_says_where_to_get_it() -> None:
    """The first thing that every new owner runs into."""
    with pytest.raises(ConfigurationError, match=r"DISCORD_TOKEN: is missing .*discord\.com/developers"):
        load_settings(DiscordSettings)


def test_all_wrong_variables_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not one a start."""
    monkeypatch.setenv("REDIS_URL", "http://nope")
    monkeypatch.setenv("DATABASE_URL", "mysql://nope")
    monkeypatch.setenv("DISCORD_OWNER_GUILD_ID", "my server")
    with pytest.raises(ConfigurationError) as caught:
        load_settings(DiscordSettings)
    named = {problem.key for problem in caught.value.problems}
    assert named == {"DISCORD_TOKEN", "REDIS_URL", "DATABASE_URL", "DISCORD_OWNER_GUILD_ID"}


def test_a_wrong_address_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Addresses hold passwords; error messages end up in logs and chats."""
    monkeypatch.setenv("REDIS_URL", "redsi://:hunter2@host/0")
    with pytest.raises(ConfigurationError) as caught:
        load_settings(ProcessSettings)
    assert "hunter2" not in str(caught.value)


def test_empty_means_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    """`.env.example` lists variables with nothing behind them."""
    monkeypatch.setenv("VAST_API_KEY", "")
    assert load_settings(ProvisionerSettings).vast_api_key is None


def test_checkpoints_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker serves what the variable names, as people write it, and everything where it names nothing."""
    assert load_settings(WorkerSettings).queues == ()
    monkeypatch.setenv("EASEL_CHECKPOINTS", "sdxl-base-1.0, animagine-xl-4.0")
    assert load_settings(WorkerSettings).queues == ("sdxl-base-1.0", "animagine-xl-4.0")


def test_the_env_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`.env` (or the file that EASEL_ENV_FILE names) counts as the environment."""
    (tmp_path / "my.env").write_text("DISCORD_TOKEN=abc\n")
    monkeypatch.setenv("EASEL_ENV_FILE", str(tmp_path / "my.env"))
    assert load_settings(DiscordSettings).discord_token.get_secret_value() == "abc"


def test_postgres_addresses_get_our_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    """People write postgresql://; SQLAlchemy needs the driver's name."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://easel:pw@db/easel")
    monkeypatch.setenv("DISCORD_TOKEN", "abc")
    assert load_settings(DiscordSettings).database_url == "postgresql+psycopg://easel:pw@db/easel"


def test_the_example_names_every_variable() -> None:
    """`.env.example` cannot fall behind: it has each variable of each process and of Compose, and nothing else."""
    lines = (ROOT / ".env.example").read_text().splitlines()
    listed = {line.lstrip("# ").partition("=")[0] for line in lines if "=" in line and not line.startswith("# ")}
    kinds = (DiscordSettings, ProvisionerSettings, WorkerSettings, RunSettings)
    set_by_machines = {"CONTAINER_ID", "CONTAINER_API_KEY", "RUNPOD_POD_ID"}
    set_by_machines |= {"EASEL_RELEASE", "EASEL_REFUSED_RELEASE", "EASEL_HOST_FOLLOWS"}
    files = (ROOT / "docker-compose.yml", ROOT / "docker" / "compose.tls.yml")
    compose = {name for file in files for name in re.findall(r"\$\{(\w+)", file.read_text())}
    assert listed == {name for kind in kinds for name in variables(kind)} - set_by_machines | compose


def test_run_wants_somebody_who_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a Vast key nor a card of one's own: said before anything starts."""
    with pytest.raises(ConfigurationError, match="VAST_API_KEY: is missing"):
        load_settings(RunSettings)
    monkeypatch.setenv("EASEL_LOCAL_WORKER", "1")
    assert [process.name for process in processes(load_settings(RunSettings))][-1] == "worker"


def test_an_open_redis_needs_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    """Listening beyond loopback without a password would hand the queue to strangers."""
    monkeypatch.setenv("EASEL_LOCAL_WORKER", "1")
    monkeypatch.setenv("EASEL_REDIS_BIND", "0.0.0.0")
    with pytest.raises(ConfigurationError, match="EASEL_REDIS_PASSWORD: is missing"):
        load_settings(RunSettings)


def test_a_redis_of_ones_own_is_not_doubled(monkeypatch: pytest.MonkeyPatch) -> None:
    """REDIS_URL set: no embedded one is started."""
    monkeypatch.setenv("EASEL_LOCAL_WORKER", "1")
    assert embedded_redis(load_settings(RunSettings)) is not None
    monkeypatch.setenv("REDIS_URL", "redis://elsewhere/0")
    assert embedded_redis(load_settings(RunSettings)) is None


def test_flower_gets_a_lasting_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Made once, readable by its owner only, the same after a restart."""
    monkeypatch.setenv("EASEL_LOCAL_WORKER", "1")
    monkeypatch.setenv("EASEL_DATA_DIR", str(tmp_path / "var"))
    settings = load_settings(RunSettings)
    first = flower_credentials(settings)
    assert flower_credentials(settings) == first
    assert (tmp_path / "var/flower-password").stat().st_mode & 0o077 == 0
    assert len(first) > 12
