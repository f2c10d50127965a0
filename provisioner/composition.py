"""Puts the provisioner's parts together from its settings and the registry."""

import os
import secrets
import socket
from collections.abc import Callable
from datetime import UTC, datetime

import structlog
from redis import Redis

from config.loading import Registry
from config.registry import Profile, point_of
from config.settings import ProvisionerSettings
from provisioner import reach
from provisioner.act import Actor
from provisioner.bookkeeping import Bookkeeper
from provisioner.credentials import WorkerUsers
from provisioner.last_resort import LastResort
from provisioner.launching import Launcher
from provisioner.lead import Lead
from provisioner.loop import Hands, Loop
from provisioner.market import MarketWatch
from provisioner.observe import Observer
from provisioner.policy import Rules
from provisioner.providers import factory
from provisioner.providers.base import Provider
from provisioner.sweeping import Sweeper
from tasks.app import make_app
from tasks.ledger import Ledger
from tasks.publishing import Publisher
from tasks.served import EVERY_NEW_ONE
from tasks.signing import signer_of

log = structlog.get_logger()

_GRACE_OF_AGE_S = 2 * 3600.0


def utc_now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)


def build_loop(
    settings: ProvisionerSettings,
    registry: Registry,
    *,
    ledger: Ledger,
    redis: Redis,
    provider: Provider | None,
    now: Callable[[], datetime] = utc_now,
    holder: str = "",
) -> Loop:
    """The whole loop. `provider` None: jobs are swept and own workers counted, nothing is rented."""
    lead = Lead(ledger.leadership, holder=holder or _holder(), now=now)
    observer = Observer(
        ledger,
        redis,
        provider=provider,
        deployment=registry.fleet.deployment,
        checkpoints=tuple(registry.checkpoints),
        max_age_h=registry.fleet.max_age_h,
        counts_load=point_of(registry.fleet, registry.profile).workers_per_load > 0,
    )
    app = make_app(settings.redis_url, client_name="easel-provisioner")
    publisher = Publisher(app, redis, signer=signer_of(settings))
    sweeper = Sweeper(ledger, redis, publisher, max_age_s=registry.quotas.max_job_age_s, now=now)
    rules = Rules(
        fleet=registry.fleet,
        profile=registry.profile,
        refusal=refusal(settings, registry.profile, provider),
        can_park=provider is not None and provider.capabilities.wakes_warm,
    )
    hands = None
    if provider is not None:
        hands = _hands(
            settings, registry, ledger=ledger, redis=redis, provider=provider, observer=observer, lead=lead, now=now
        )
    return Loop(
        ledger,
        redis,
        lead=lead,
        observer=observer,
        rules=rules,
        hands=hands,
        sweeper=sweeper,
        now=now,
    )


def refusal(settings: ProvisionerSettings, profile: Profile, provider: Provider | None) -> str:
    """Why nothing may be rented with these settings; "" where something may."""
    if provider is None:
        return factory.missing(profile)
    if not provider.capabilities.rents:
        return "this profile has only GPUs of your own; start a worker there with: python -m gpu_worker"
    return reach.refusal(worker_address(settings), remote=provider.capabilities.remote)


def worker_address(settings: ProvisionerSettings) -> str:
    """Where rented machines find Redis."""
    return settings.worker_redis_url or settings.redis_url


def _hands(
    settings: ProvisionerSettings,
    registry: Registry,
    *,
    ledger: Ledger,
    redis: Redis,
    provider: Provider,
    observer: Observer,
    lead: Lead,
    now: Callable[[], datetime],
) -> Hands:
    users = WorkerUsers(redis)
    gigabytes = download_gb(registry, registry.profile)
    market = MarketWatch(
        provider, registry.profile, download_gb=gigabytes, credit_floor_usd=registry.fleet.credit_floor_usd
    )
    launcher = Launcher(
        ledger,
        provider,
        market=market,
        users=users,
        lead=lead,
        deployment=registry.fleet.deployment,
        profile=registry.profile,
        download_gb=gigabytes,
        worker_address=worker_address(settings),
        environment=_worker_environment(settings, registry),
        now=now,
    )
    actor = Actor(
        ledger,
        redis,
        provider,
        launcher=launcher,
        users=users,
        observer=observer,
        lead=lead,
        idle_s=point_of(registry.fleet, registry.profile).idle_last_s,
        now=now,
    )
    last_resort = LastResort(provider, deployment=registry.fleet.deployment)
    bookkeeper = Bookkeeper(ledger, provider, deployment=registry.fleet.deployment)
    return Hands(actor=actor, market=market, users=users, last_resort=last_resort, bookkeeper=bookkeeper)


def _worker_environment(settings: ProvisionerSettings, registry: Registry) -> dict[str, str]:
    """Beyond the profile's variables: our checkpoints (an older image knows some), its age, Vast's API."""
    served = {
        "EASEL_CHECKPOINTS": ",".join((*registry.checkpoints, EVERY_NEW_ONE)),
        # The provisioner ends it at its age once it is idle; a machine that lives on lost us.
        "EASEL_MAX_LIFE_S": f"{registry.fleet.max_age_h * 3600 + _GRACE_OF_AGE_S:.0f}",
    }
    default = type(settings).model_fields["vast_url"].default  # there every worker looks anyway
    return served if settings.vast_url == default else {**served, "VAST_URL": settings.vast_url}


def download_gb(registry: Registry, profile: Profile) -> float:
    """What a fresh machine of this profile fetches before it is ready: the image and the warm checkpoints."""
    return profile.image_gb + sum(registry.checkpoints[name].download_gb for name in profile.warm)


def _holder() -> str:
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
