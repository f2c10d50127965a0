"""Builds the bot from its settings; what is missing is a plain sentence with its remedy."""

from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from bot.publishing.desk import PublishingDesk
from bot.services import Services
from config.loading import Registry
from config.settings import DiscordSettings
from tasks.app import make_app
from tasks.connections import connect, connect_async
from tasks.ledger import Ledger
from tasks.logs import redacted
from tasks.publishing import Publisher
from tasks.signing import signer_of


class NotReady(Exception):  # noqa: N818 - reads as the sentence "except NotReady"
    """A dependency does not answer. The text says which, and what to do."""


def open_ledger(settings: DiscordSettings) -> Ledger:
    """The ledger, migrated.

    Raises:
        NotReady: it cannot be opened.
    """
    try:
        return Ledger.open(settings.database_url)
    except (SQLAlchemyError, OSError) as error:
        raise NotReady(
            f"The database at {redacted(settings.database_url)} cannot be opened ({_reason(error)}). "
            "Check DATABASE_URL, or EASEL_DATA_DIR for the SQLite file, and that the database runs."
        ) from error


def open_publisher(settings: DiscordSettings, *, client_name: str) -> Publisher:
    """The way into the queues.

    Raises:
        NotReady: Redis does not answer.
    """
    redis = connect(settings.redis_url)
    try:
        redis.ping()
    except RedisError as error:
        raise NotReady(
            f"Redis at {redacted(settings.redis_url)} does not answer ({_reason(error)}). "
            "Check REDIS_URL, and that Redis runs (`make run` starts an embedded one)."
        ) from error
    app = make_app(settings.redis_url, client_name=client_name)
    return Publisher(app, redis, signer=signer_of(settings))


def build_services(settings: DiscordSettings, *, registry: Registry, ledger: Ledger) -> Services:
    """The bot's dependencies.

    Raises:
        NotReady: one of them does not answer.
    """
    return Services(
        registry=registry,
        ledger=ledger,
        redis=connect_async(settings.redis_url),
        publisher=open_publisher(settings, client_name="easel-bot"),
        desk=PublishingDesk.of(settings),
    )


def refused_token() -> str:
    return (
        "Discord refuses DISCORD_TOKEN. Get a fresh one: discord.com/developers/applications, your application, "
        "Bot, Reset Token; then put it into .env."
    )


def discord_away(url: str, error: Exception) -> str:
    return (
        f"Discord at {url} cannot be reached ({_reason(error)}). Check the network, and DISCORD_API_URL if it is set."
    )


def _reason(error: Exception) -> str:
    lines = redacted(str(error)).splitlines()
    return lines[0] if lines else type(error).__name__
