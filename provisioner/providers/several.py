"""Several clouds as one provider: ids carry the cloud's name, and one that cannot be read makes the whole doubtful."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from config.registry import Profile
from provisioner.providers.abilities import CanPark, Outcome, Refused
from provisioner.providers.base import (
    Capabilities,
    Created,
    CreatedBroken,
    CreateResult,
    Denied,
    DestroyResult,
    LaunchSpec,
    Offer,
    OfferList,
    Provider,
    Snapshot,
)

_MARK = ":"


class SeveralProviders:
    """In the profile's order. A refusal by one cloud closes the market for all of them for a while, as for one."""

    name = "several"

    def __init__(self, providers: Sequence[Provider]) -> None:
        self._providers = {provider.name: provider for provider in providers}
        those = [provider.capabilities for provider in providers]
        self.capabilities = Capabilities(
            create_interval_s=max(one.create_interval_s for one in those),
            remote=any(one.remote for one in those),
            rents=any(one.rents for one in those),
            one_machine_per_offer=all(one.one_machine_per_offer for one in those),
            can_park=any(one.can_park for one in those),
            wakes_warm=all(one.wakes_warm for one in those),
            spot=any(one.spot for one in those),
            free_while_loading=all(one.free_while_loading for one in those),
        )

    def offers(self, profile: Profile) -> OfferList:
        """All clouds' offers; a problem only where none could be read."""
        found, problems, waits = [], [], []
        for name, provider in self._providers.items():
            listed = provider.offers(profile)
            found += [replace(one, id=f"{name}{_MARK}{one.id}", provider=name) for one in listed.offers]
            if listed.problem:
                problems.append(listed.problem)
                waits.append(listed.retry_after_s)
        if found or not problems:
            return OfferList(offers=tuple(found))
        return OfferList(problem="; ".join(problems), retry_after_s=min(waits))

    def create(self, offer: Offer, spec: LaunchSpec) -> CreateResult:
        """At the cloud that the offer is from."""
        found = self.at(offer.id)
        if found is None:
            return Denied(f"{offer.id} is from no cloud of this profile")
        provider, offer_id = found
        result = provider.create(replace(offer, id=offer_id), spec)
        if isinstance(result, Created | CreatedBroken):
            return replace(result, provider_instance_id=f"{provider.name}{_MARK}{result.provider_instance_id}")
        return result

    def snapshot(self, *, now: datetime) -> Snapshot:
        """Complete where each of them is."""
        shots = {name: provider.snapshot(now=now) for name, provider in self._providers.items()}
        machines = tuple(
            replace(one, provider_instance_id=f"{name}{_MARK}{one.provider_instance_id}")
            for name, shot in shots.items()
            for one in shot.instances
        )
        problems = [f"{name}: {shot.problem}" for name, shot in shots.items() if not shot.complete]
        return Snapshot(at=now, complete=not problems, instances=machines, problem="; ".join(problems))

    def destroy(self, provider_instance_id: str) -> DestroyResult:
        """At its cloud. An id from a time with one cloud only is taken for the first one's."""
        provider, own_id = self._of_instance(provider_instance_id)
        return provider.destroy(own_id)

    def park(self, provider_instance_id: str) -> Outcome:
        """Where its cloud can."""
        provider, own_id = self._of_instance(provider_instance_id)
        return provider.park(own_id) if isinstance(provider, CanPark) else Refused(f"{provider.name} cannot park")

    def unpark(self, provider_instance_id: str) -> Outcome:
        """Where its cloud can."""
        provider, own_id = self._of_instance(provider_instance_id)
        return provider.unpark(own_id) if isinstance(provider, CanPark) else Refused(f"{provider.name} cannot park")

    def at(self, marked_id: str) -> tuple[Provider, str] | None:
        """The cloud that an id names, and the cloud's own id; None where it names none of ours."""
        name, mark, own_id = marked_id.partition(_MARK)
        return (self._providers[name], own_id) if mark and name in self._providers else None

    def _of_instance(self, provider_instance_id: str) -> tuple[Provider, str]:
        return self.at(provider_instance_id) or (next(iter(self._providers.values())), provider_instance_id)
