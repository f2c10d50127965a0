"""A market in memory that keeps every promise of `base`: for rehearsals in virtual time, without any network."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from config.registry import Profile
from provisioner.providers.abilities import Accepted, Outcome, Refused
from provisioner.providers.base import (
    Capabilities,
    Created,
    CreateResult,
    Denied,
    Destroyed,
    DestroyResult,
    Gone,
    LaunchSpec,
    Listed,
    Offer,
    OfferList,
    Snapshot,
    Status,
)


@dataclass(frozen=True, kw_only=True)
class Contract:
    """One machine that was rented, and when its bill ended."""

    id: str
    offer: Offer
    spec: LaunchSpec
    created_at: datetime
    parked: bool = False
    ended_at: datetime | None = None


class MemoryProvider:
    """Each offer is one machine; its image is there `pull_s` seconds after the create."""

    name = "memory"

    def __init__(
        self, offers: Iterable[Offer], *, now: Callable[[], datetime], pull_s: float = 60.0, remote: bool = False
    ) -> None:
        self.capabilities = Capabilities(remote=remote, free_while_loading=True, can_park=True, wakes_warm=True)
        self.contracts: dict[str, Contract] = {}
        self._offers = {offer.id: offer for offer in offers}
        self._now = now
        self._pull_s = pull_s

    @property
    def running(self) -> tuple[Contract, ...]:
        """The contracts whose bill runs."""
        return tuple(contract for contract in self.contracts.values() if contract.ended_at is None)

    def offers(self, profile: Profile) -> OfferList:
        """All that nobody holds; `profile` changes no price here."""
        del profile
        return OfferList(offers=tuple(self._free()))

    def create(self, offer: Offer, spec: LaunchSpec) -> CreateResult:
        """Rent; a machine that is held, or was never offered, is gone."""
        if not spec.image:
            return Denied("an image is needed")
        if offer.id not in {free.id for free in self._free()}:
            return Gone("somebody else has it")
        contract = Contract(id=str(len(self.contracts) + 1), offer=offer, spec=spec, created_at=self._now())
        self.contracts[contract.id] = contract
        return Created(contract.id)

    def snapshot(self, *, now: datetime) -> Snapshot:
        """Always complete."""
        return Snapshot(at=now, complete=True, instances=tuple(self._listed(contract) for contract in self.running))

    def destroy(self, provider_instance_id: str) -> DestroyResult:
        """At once."""
        contract = self.contracts.get(provider_instance_id)
        if contract is not None and contract.ended_at is None:
            self.contracts[contract.id] = replace(contract, ended_at=self._now())
        return Destroyed()

    def park(self, provider_instance_id: str) -> Outcome:
        """At once; its offer stays taken."""
        return self._set_parked(provider_instance_id, parked=True)

    def unpark(self, provider_instance_id: str) -> Outcome:
        """At once, with the image still there."""
        return self._set_parked(provider_instance_id, parked=False)

    def _set_parked(self, provider_instance_id: str, *, parked: bool) -> Outcome:
        contract = self.contracts.get(provider_instance_id)
        if contract is None or contract.ended_at is not None:
            return Refused("no such machine")
        self.contracts[contract.id] = replace(contract, parked=parked)
        return Accepted()

    def _free(self) -> list[Offer]:
        held = {contract.offer.id for contract in self.running}
        return [offer for offer in self._offers.values() if offer.id not in held]

    def _listed(self, contract: Contract) -> Listed:
        age_s = (self._now() - contract.created_at).total_seconds()
        return Listed(
            provider_instance_id=contract.id,
            label=contract.spec.label,
            status=Status.STOPPED if contract.parked else Status.RUNNING if age_s >= self._pull_s else Status.PULLING,
            gpu=contract.offer.gpu,
            machine_id=contract.offer.machine_id,
            usd_per_hour=contract.offer.usd_per_hour,
            created_at=contract.created_at,
        )
