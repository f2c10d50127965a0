"""Your own GPUs: never created or destroyed, only counted; their workers are started by hand."""

from collections.abc import Sequence
from datetime import datetime

from config.registry import OwnGpu, Profile
from provisioner.providers.base import (
    Capabilities,
    CreateResult,
    Denied,
    Destroyed,
    DestroyResult,
    LaunchSpec,
    Listed,
    Offer,
    OfferList,
    Snapshot,
    Status,
)


class StaticProvider:
    """The machines of `fleet.toml`, `[[own_gpus]]`. Whether one works, only its worker's heartbeat says."""

    name = "static"

    def __init__(self, machines: Sequence[OwnGpu]) -> None:
        self.capabilities = Capabilities(rents=False, remote=False)
        self._machines = tuple(machines)

    def offers(self, profile: Profile) -> OfferList:
        """None: what one owns is not rented."""
        del profile
        return OfferList()

    def create(self, offer: Offer, spec: LaunchSpec) -> CreateResult:
        """Always refused."""
        del offer, spec
        return Denied("own GPUs are not rented; start the worker there with: python -m gpu_worker")

    def snapshot(self, *, now: datetime) -> Snapshot:
        """All of them, without a label: nothing that looks for machines of ours to end ever finds them."""
        return Snapshot(at=now, complete=True, instances=tuple(_listed(machine) for machine in self._machines))

    def destroy(self, provider_instance_id: str) -> DestroyResult:
        """Nothing here costs money by the hour, so there is nothing to end."""
        del provider_instance_id
        return Destroyed()


def _listed(machine: OwnGpu) -> Listed:
    return Listed(provider_instance_id=machine.id, label="", status=Status.RUNNING, gpu=machine.gpu)
