"""Which providers a profile gets, and what is said where something is missing."""

import pytest

from config.loading import DEFAULT_DIRECTORY, Registry, load_registry
from config.registry import Ec2Instance, Profile
from config.settings import ProvisionerSettings
from provisioner.composition import refusal
from provisioner.providers import factory

EC2 = Ec2Instance(
    instance_id="i-0123456789abcdef0",
    region="eu-central-1",
    gpu="A10G",
    vram_gb=24,
    compute_capability=8.6,
    usd_per_hour=1.0,
)


@pytest.fixture
def registry() -> Registry:
    return load_registry(DEFAULT_DIRECTORY)


def settings(**values: str) -> ProvisionerSettings:
    return ProvisionerSettings.model_validate(values)


def profile(*names: str) -> Profile:
    return Profile.model_validate({"id": "p", "image": "image", "providers": names})


@pytest.mark.parametrize(
    ("names", "said"),
    [(("vast",), "VAST_API_KEY"), (("runpod",), "RUNPOD_API_KEY"), (("ec2",), "[[ec2]]")],
)
def test_what_is_missing_is_named(registry: Registry, names: tuple[str, ...], said: str) -> None:
    """The sentence goes to everybody who waits for a picture."""
    found = factory.provider_of(settings(), registry, profile(*names))
    assert found is None
    assert said in refusal(settings(), profile(*names), found)


def test_own_gpus_are_never_rented(registry: Registry) -> None:
    """A profile with nothing else says how to start the worker."""
    found = factory.provider_of(settings(), registry, profile("static"))
    assert found is not None
    assert "python -m gpu_worker" in refusal(settings(), profile("static"), found)


def test_several_configured_ones_become_one(registry: Registry) -> None:
    """Those without a key are left out."""
    fleet = registry.fleet.model_copy(update={"ec2": (EC2,)})
    with_ec2 = Registry(
        registry.checkpoints, registry.controlnets, registry.loras, registry.profiles, fleet, registry.quotas
    )
    keys = settings(RUNPOD_API_KEY="rpa_x")
    only = factory.provider_of(keys, with_ec2, profile("vast", "ec2"))
    assert only is not None
    assert only.name == "ec2"
    both = factory.provider_of(keys, with_ec2, profile("ec2", "runpod", "vast"))
    assert both is not None
    assert both.name == "several"
