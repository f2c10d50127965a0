"""Composition root of the courier: `celery -A bot.courier worker -Q control` finds `app` here."""

from typing import Any

from celery import Celery, signals

from bot.courier.handlers import register
from bot.courier.link import DiscordLink
from bot.courier.messenger import Messenger
from bot.courier.office import Office
from bot.discord_api import use_api
from bot.services import utc_now
from bot.startup import NotReady, open_ledger
from config.loading import load_registry
from config.problems import ConfigurationError
from config.settings import DiscordSettings, load_settings
from tasks import logs, routing
from tasks.app import make_app
from tasks.connections import connect
from tasks.publishing import Publisher
from tasks.signing import signer_of

_THREADS = 8


def build(settings: DiscordSettings) -> Celery:
    """The courier's app with everything behind it. Redis and Discord are reached when they are needed.

    Raises:
        ConfigurationError: the registry is wrong.
        NotReady: the ledger cannot be opened.
    """
    logs.configure("courier", log_format=settings.log_format)
    use_api(settings.discord_api_url)
    app = make_app(settings.redis_url, client_name="easel-courier", queues=[routing.CONTROL])
    # Threads, because the office waits for Discord and the ledger; what needs a process of its own gets one.
    app.conf.update(worker_pool="threads", worker_concurrency=_THREADS)
    redis = connect(settings.redis_url)
    link = DiscordLink(settings.discord_token.get_secret_value())
    office = Office(
        ledger=open_ledger(settings),
        redis=redis,
        publisher=Publisher(app, redis, signer=signer_of(settings)),
        messenger=Messenger(link),
        registry=load_registry(settings.config_dir),
        clock=utc_now,
    )
    register(app, office)
    signals.worker_shutdown.connect(lambda **_: _close(link, office), weak=False)
    return app


def _close(link: DiscordLink, office: Office) -> None:
    link.close()
    office.ledger.close()


def _keep_our_logs(**_: object) -> None:
    """Somebody listens to this signal, so Celery leaves the logging that `build` configured alone."""


def __getattr__(name: str) -> Any:
    """`app`, made once when the `celery` command asks for it: importing this module reads no settings."""
    if name != "app":
        raise AttributeError(name)
    signals.setup_logging.connect(_keep_our_logs)
    try:
        app = build(load_settings(DiscordSettings))
    except ConfigurationError as error:
        raise SystemExit(f"The configuration is not complete:\n{error}") from None
    except NotReady as error:
        raise SystemExit(str(error)) from None
    globals()["app"] = app
    return app
