"""Addresses and secrets from the environment, one class per process; built in `__main__` and handed down.

Every field's description is its remedy: it is what the user reads when the variable is missing or wrong.
"""

import os
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from config.problems import ConfigurationError, Problem, problems_of

ENVIRONMENT = "environment"
EMBEDDED_REDIS_PORT = 6399


def _redis_address(value: str) -> str:
    if not value.startswith(("redis://", "rediss://", "unix://")):
        message = "must start with redis://, rediss:// or unix://"
        raise ValueError(message)
    return value


def _http_address(value: str) -> str:
    if not value.startswith(("http://", "https://")):
        message = "must start with http:// or https://"
        raise ValueError(message)
    return value.rstrip("/")


def _database_address(value: str) -> str:
    if not value.startswith(("sqlite:///", "postgresql+psycopg://", "postgresql://")):
        message = "must start with sqlite:/// or postgresql://"
        raise ValueError(message)
    return value.replace("postgresql://", "postgresql+psycopg://", 1)


def _comma_separated(value: str | tuple[str, ...]) -> tuple[str, ...]:
    if isinstance(value, tuple):  # the default
        return value
    return tuple(name.strip() for name in value.split(",") if name.strip())


RedisUrl = Annotated[str, AfterValidator(_redis_address)]
HttpUrl = Annotated[str, AfterValidator(_http_address)]
DatabaseUrl = Annotated[str, AfterValidator(_database_address)]


class ProcessSettings(BaseSettings):
    """What every process reads. An empty variable counts as absent."""

    model_config = SettingsConfigDict(
        env_ignore_empty=True, extra="ignore", populate_by_name=False, env_file_encoding="utf-8", frozen=True
    )

    own_redis: RedisUrl | None = Field(
        None,
        validation_alias="REDIS_URL",
        description="address of Redis, redis://user:password@host:port/0; without it the embedded one is used",
    )
    redis_port: int = Field(
        EMBEDDED_REDIS_PORT,
        ge=1,
        le=65535,
        validation_alias="EASEL_REDIS_PORT",
        description="port of the embedded Redis on this machine",
    )
    redis_password: SecretStr | None = Field(
        None, validation_alias="EASEL_REDIS_PASSWORD", description="password of the embedded Redis"
    )
    config_dir: Path = Field(
        Path(__file__).parent,
        validation_alias="EASEL_CONFIG_DIR",
        description="folder with models/, profiles/, fleet.toml and quotas.toml",
    )
    data_dir: Path = Field(
        Path("var"),
        validation_alias="EASEL_DATA_DIR",
        description="folder for data that must outlive a restart",
    )
    log_format: Annotated[str, Field(pattern="^(console|json)$")] = Field(
        "console", validation_alias="EASEL_LOG_FORMAT", description="console or json"
    )

    @property
    def redis_url(self) -> str:
        """The Redis of this deployment: REDIS_URL, or the embedded one."""
        if self.own_redis is not None:
            return self.own_redis
        credentials = f":{self.redis_password.get_secret_value()}@" if self.redis_password else ""
        return f"redis://{credentials}127.0.0.1:{self.redis_port}/0"


class TrustedSettings(ProcessSettings):
    """What the trusted processes share: the ledger's address."""

    database: DatabaseUrl | None = Field(
        None,
        validation_alias="DATABASE_URL",
        description="sqlite:///path or postgresql://user:password@host/name; default: easel.db in EASEL_DATA_DIR",
    )

    hf_token: SecretStr | None = Field(
        None,
        validation_alias="HF_TOKEN",
        description="a Hugging Face token with the right to read, for gated and private repositories",
    )
    civitai_token: SecretStr | None = Field(
        None,
        validation_alias="CIVITAI_TOKEN",
        description="a Civitai token: civitai.com, Account settings, API Keys",
    )
    s3_endpoint_url: HttpUrl | None = Field(
        None, validation_alias="S3_ENDPOINT_URL", description="where your bucket is, if not at Amazon"
    )
    s3_bucket: str | None = Field(
        None, validation_alias="S3_BUCKET", description="the bucket that s3:/key means without a bucket's name"
    )
    aws_access_key_id: SecretStr | None = Field(
        None, validation_alias="AWS_ACCESS_KEY_ID", description="a key that may read your bucket"
    )
    aws_secret_access_key: SecretStr | None = Field(
        None, validation_alias="AWS_SECRET_ACCESS_KEY", description="its secret"
    )
    aws_session_token: SecretStr | None = Field(
        None, validation_alias="AWS_SESSION_TOKEN", description="the session token of a temporary key"
    )
    aws_region: str = Field(
        "us-east-1", validation_alias="AWS_REGION", description="your bucket's region; auto for Cloudflare R2"
    )

    @property
    def database_url(self) -> str:
        """Where the ledger is."""
        return self.database or f"sqlite:///{self.data_dir.resolve() / 'easel.db'}"


class DiscordSettings(TrustedSettings):
    """The bot and the courier: the two that may speak to Discord."""

    discord_token: SecretStr = Field(
        validation_alias="DISCORD_TOKEN",
        description="the bot's token: discord.com/developers/applications, your application, Bot, Reset Token",
    )
    discord_api_url: HttpUrl = Field(
        "https://discord.com/api/v10",
        validation_alias="DISCORD_API_URL",
        description="Discord's REST API; only tests and the sandbox change it",
    )
    owner_guild_id: int | None = Field(
        None,
        validation_alias="DISCORD_OWNER_GUILD_ID",
        description="the id of your own server (Developer Mode, right click, Copy Server ID)",
    )
    alert_channel_id: int | None = Field(
        None,
        validation_alias="EASEL_ALERT_CHANNEL_ID",
        description="the id of a channel for alerts (Developer Mode, right click, Copy Channel ID)",
    )
    metrics_port: int | None = Field(
        None,
        ge=1,
        le=65535,
        validation_alias="EASEL_METRICS_PORT",
        description="port for Prometheus; without it no metrics are served",
    )
    metrics_bind: str = Field(
        "127.0.0.1",
        validation_alias="EASEL_METRICS_BIND",
        description="address for Prometheus; metrics name no person, but they are nobody else's business",
    )
    sharded: bool = Field(
        False,
        validation_alias="EASEL_SHARDED",
        description="1 opens as many gateway connections as Discord recommends; needed from 2500 servers on",
    )


class ProvisionerSettings(TrustedSettings):
    """The provisioner: the only process that holds a cloud key."""

    vast_api_key: SecretStr | None = Field(
        None,
        validation_alias="VAST_API_KEY",
        description="a key of your Vast.ai account: cloud.vast.ai, Account, API Keys; without it nothing is rented",
    )
    vast_url: HttpUrl = Field(
        "https://console.vast.ai",
        validation_alias="VAST_URL",
        description="Vast's API; only tests and the sandbox change it",
    )
    runpod_api_key: SecretStr | None = Field(
        None,
        validation_alias="RUNPOD_API_KEY",
        description="a key of your RunPod account, for profiles with the provider runpod",
    )
    runpod_url: HttpUrl = Field(
        "https://api.runpod.io",
        validation_alias="RUNPOD_URL",
        description="RunPod's API; only tests change it",
    )
    ec2_url: HttpUrl | None = Field(
        None,
        validation_alias="AWS_ENDPOINT_URL_EC2",
        description="EC2's API; only tests change it. Credentials: AWS's own variables or files",
    )
    worker_redis_url: RedisUrl | None = Field(
        None,
        validation_alias="EASEL_WORKER_REDIS_URL",
        description="the address under which a rented machine reaches Redis (public or through a tunnel)",
    )


class WorkerSettings(ProcessSettings):
    """A GPU worker. On a rented machine these are all that it is given."""

    worker_id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")] = Field(
        "local",
        validation_alias="EASEL_WORKER_ID",
        description="this worker's name: lower-case letters, digits and dashes, unique in the fleet",
    )
    worker_redis_url: RedisUrl | None = Field(
        None,
        validation_alias="EASEL_WORKER_REDIS_URL",
        description="address of Redis as seen from this machine",
    )
    profile: str | None = Field(
        None,
        validation_alias="EASEL_PROFILE",
        description="the profile in profiles/ that this worker follows",
    )
    queues: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_comma_separated)] = Field(
        (),
        validation_alias="EASEL_CHECKPOINTS",
        description="comma-separated checkpoint ids to serve, with * also those that are added later; default: all",
    )
    weights_dir: Path | None = Field(
        None, validation_alias="EASEL_WEIGHTS_DIR", description="folder for fetched weights"
    )
    weights_limit_gb: float | None = Field(
        None,
        gt=0,
        validation_alias="EASEL_WEIGHTS_LIMIT_GB",
        description="gigabytes of fetched weights to keep; the least recently used go. Default: the disk's size",
    )
    hf_token: SecretStr | None = Field(
        None, validation_alias="HF_TOKEN", description="a Hugging Face token, for own machines only"
    )
    civitai_token: SecretStr | None = Field(
        None, validation_alias="CIVITAI_TOKEN", description="a Civitai token, for own machines only"
    )
    s3_endpoint_url: HttpUrl | None = Field(
        None, validation_alias="S3_ENDPOINT_URL", description="where s3: sources are; default: Amazon"
    )
    life_lease_s: float = Field(
        600,
        ge=10,
        validation_alias="EASEL_LIFE_LEASE_S",
        description="seconds after which a rented machine that is idle and wanted by nobody destroys itself",
    )
    max_life_s: float | None = Field(
        None,
        gt=0,
        validation_alias="EASEL_MAX_LIFE_S",
        description="seconds after which a rented machine finishes its jobs and ends itself, whoever wants it",
    )
    release: str = Field("", validation_alias="EASEL_RELEASE", description="set by the image, and by pushed code")
    refused_release: str = Field(
        "", validation_alias="EASEL_REFUSED_RELEASE", description="set by the supervisor: pushed code that failed"
    )
    container_id: str | None = Field(None, validation_alias="CONTAINER_ID", description="set by Vast on its machines")
    container_api_key: SecretStr | None = Field(
        None,
        validation_alias="CONTAINER_API_KEY",
        description="set by Vast: may only stop or destroy this machine",
    )
    vast_url: HttpUrl = Field(
        "https://console.vast.ai",
        validation_alias="VAST_URL",
        description="Vast's API, for the self-destruction",
    )
    runpod_pod_id: str | None = Field(None, validation_alias="RUNPOD_POD_ID", description="set by RunPod on its pods")
    runpod_api_key: SecretStr | None = Field(
        None, validation_alias="RUNPOD_API_KEY", description="set by RunPod: a key for this pod only"
    )
    runpod_url: HttpUrl = Field(
        "https://api.runpod.io", validation_alias="RUNPOD_URL", description="RunPod's API, for the self-destruction"
    )
    host_follows: bool = Field(
        False,
        validation_alias="EASEL_HOST_FOLLOWS",
        description="set where the machine ends with its container",
    )

    @property
    def broker_url(self) -> str:
        """The Redis that this worker talks to."""
        return self.worker_redis_url or self.redis_url


class RunSettings(TrustedSettings):
    """`python -m config run`: the whole system on one machine."""

    redis_bind: str = Field(
        "127.0.0.1",
        validation_alias="EASEL_REDIS_BIND",
        description="address that the embedded Redis listens on; another than loopback needs EASEL_REDIS_PASSWORD",
    )
    vast_api_key: SecretStr | None = Field(
        None,
        validation_alias="VAST_API_KEY",
        description="a key of your Vast.ai account: cloud.vast.ai, Account, API Keys",
    )
    local_worker: bool = Field(
        False,
        validation_alias="EASEL_LOCAL_WORKER",
        description="1 runs a GPU worker on this machine's own card",
    )
    flower_port: int = Field(
        5555, ge=1, le=65535, validation_alias="EASEL_FLOWER_PORT", description="port of Flower on 127.0.0.1"
    )
    flower_basic_auth: SecretStr | None = Field(
        None,
        validation_alias="FLOWER_BASIC_AUTH",
        description="user:password for Flower; without it a password is made and kept in EASEL_DATA_DIR",
    )

    @model_validator(mode="after")
    def _reachable_redis_has_a_password(self) -> Self:
        if self.redis_bind not in {"127.0.0.1", "::1", "localhost"} and self.redis_password is None:
            message = (
                f"EASEL_REDIS_PASSWORD: is missing, and EASEL_REDIS_BIND={self.redis_bind} lets strangers reach Redis"
            )
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _somebody_draws(self) -> Self:
        if self.vast_api_key is None and not self.local_worker:
            message = (
                "VAST_API_KEY: is missing (cloud.vast.ai, Account, API Keys), and EASEL_LOCAL_WORKER is not set: "
                "nobody would draw. Set the key to rent GPUs, or EASEL_LOCAL_WORKER=1 to use this machine's own card"
            )
            raise ValueError(message)
        return self


_Settings = TypeVar("_Settings", bound=ProcessSettings)


def load_settings(kind: type[_Settings]) -> _Settings:
    """The settings of one process, from the environment and `.env` (or the file that EASEL_ENV_FILE names).

    Raises:
        ConfigurationError: naming every variable that is missing or wrong, and where to get it.
    """
    env_file = os.environ.get("EASEL_ENV_FILE", ".env") or None
    try:
        return kind(_env_file=env_file)
    except ValidationError as error:
        raise ConfigurationError(
            _with_remedy(kind, problem) for problem in problems_of(error, place=ENVIRONMENT, show_values=False)
        ) from error


def _with_remedy(kind: type[ProcessSettings], problem: Problem) -> Problem:
    if not problem.key:  # a rule about several variables; its message names the one to change
        key, _, reason = problem.reason.partition(": ")
        return Problem(problem.place, key, reason)
    for field in kind.model_fields.values():
        if field.validation_alias == problem.key and field.description:
            return Problem(problem.place, problem.key, f"{problem.reason} ({field.description})")
    return problem


def variables(kind: type[ProcessSettings]) -> dict[str, Any]:
    """Variable name → description, for documentation and `.env.example`'s test."""
    return {str(field.validation_alias): field.description for field in kind.model_fields.values()}
