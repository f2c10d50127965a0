"""Builds the providers that a profile names, in its order, from the settings; what is missing is said by name."""

from collections.abc import Callable

from config.loading import Registry
from config.registry import Profile
from config.settings import ProvisionerSettings
from provisioner.providers.base import Provider
from provisioner.providers.ec2 import Ec2Provider
from provisioner.providers.runpod import RunPodProvider
from provisioner.providers.several import SeveralProviders
from provisioner.providers.static import StaticProvider
from provisioner.providers.vast import VastProvider

MISSING = {
    "vast": "VAST_API_KEY is missing, so nothing is rented (cloud.vast.ai, Account, API Keys)",
    "runpod": "RUNPOD_API_KEY is missing, so nothing is rented at RunPod (its console, Settings, API Keys)",
    "ec2": "fleet.toml names no [[ec2]] instance, so nothing is started at EC2",
}


def provider_of(settings: ProvisionerSettings, registry: Registry, profile: Profile) -> Provider | None:
    """The profile's provider, or several as one; None where none of them is configured."""
    makers: dict[str, Callable[[], Provider | None]] = {
        "vast": lambda: _vast(settings),
        "runpod": lambda: _runpod(settings),
        "ec2": lambda: Ec2Provider(registry.fleet.ec2, url=settings.ec2_url) if registry.fleet.ec2 else None,
        "static": lambda: StaticProvider(registry.fleet.own_gpus),
    }
    made = [provider for name in profile.providers if (provider := makers[name]()) is not None]
    if len(made) > 1:
        return SeveralProviders(made)
    return made[0] if made else None


def missing(profile: Profile) -> str:
    """What to set so that something can be rented for a profile none of whose providers is configured."""
    return "; ".join(MISSING[name] for name in profile.providers if name in MISSING)


def _vast(settings: ProvisionerSettings) -> VastProvider | None:
    if settings.vast_api_key is None:
        return None
    return VastProvider(api_key=settings.vast_api_key.get_secret_value(), url=settings.vast_url)


def _runpod(settings: ProvisionerSettings) -> RunPodProvider | None:
    if settings.runpod_api_key is None:
        return None
    return RunPodProvider(api_key=settings.runpod_api_key.get_secret_value(), url=settings.runpod_url)
