"""Rents one machine: the intent is committed first, then its Redis user, then the one request, then its outcome."""

from collections.abc import Callable, Mapping
from datetime import datetime

import structlog
from redis.exceptions import RedisError
from ulid import ULID

from config.registry import Profile
from provisioner.actions import Launch
from provisioner.credentials import WorkerUsers, new_credential, worker_url
from provisioner.lead import ROLE, Lead
from provisioner.lifecycle import State
from provisioner.market import MarketWatch
from provisioner.observe import label_prefix
from provisioner.providers.base import (
    Ambiguous,
    Created,
    CreatedBroken,
    CreateResult,
    Denied,
    Gone,
    LaunchSpec,
    NoCapacity,
    Offer,
    Provider,
)
from tasks.ledger import Instance, Intent, Ledger

log = structlog.get_logger()


class Launcher:
    """Turns an offer into a machine, or into a row that says why not."""

    def __init__(
        self,
        ledger: Ledger,
        provider: Provider,
        *,
        market: MarketWatch,
        users: WorkerUsers,
        lead: Lead,
        deployment: str,
        profile: Profile,
        download_gb: float,
        worker_address: str,
        environment: Mapping[str, str],
        now: Callable[[], datetime],
    ) -> None:
        self._ledger = ledger
        self._provider = provider
        self._market = market
        self._users = users
        self._lead = lead
        self._prefix = label_prefix(deployment)
        self._profile = profile
        self._download_gb = download_gb
        self._address = worker_address
        self._environment = dict(environment)
        self._now = now

    def launch(self, action: Launch) -> None:
        """Rent `action.offer`.

        Raises:
            NoLongerLeader: nothing was rented.
        """
        instance_id = str(ULID()).lower()
        credential = new_credential()
        self._lead.require()
        row = self._ledger.instances.intend(
            self._intent(instance_id, action, sha256=credential.sha256),
            role=ROLE,
            leader_epoch=self._lead.epoch,
            now=self._now(),
        )
        try:
            self._users.grant(row.id, credential.sha256)
        except RedisError as error:
            reason = f"Redis makes no user for the worker; ours needs the right +acl ({error})"
            self._market.refused(reason, now=self._now())
            self._refuse(row, reason)
            return
        url = worker_url(self._address, row.id, credential.password)
        result = self._provider.create(action.offer, self._spec(row, url))
        self._record(row, action.offer, result)

    def _intent(self, instance_id: str, action: Launch, *, sha256: str) -> Intent:
        offer, boot = action.offer, action.boot
        return Intent(
            id=instance_id,
            label=f"{self._prefix}{instance_id}",
            provider=offer.provider or self._provider.name,
            profile=self._profile.id,
            offer={"id": offer.id, **offer.raw},
            gpu=offer.gpu,
            machine_id=offer.machine_id,
            usd_per_hour=offer.usd_per_hour,
            storage_usd_per_hour=offer.storage_usd_per_hour,
            reason=action.reason,
            bandwidth_usd=self._download_gb * offer.usd_per_gb_down,
            worker_password_sha256=sha256,
            boot_promised_s=boot.promised_s if boot else None,
            boot_expected_s=boot.expected_s if boot else None,
            boot_deadline_s=boot.deadline_s if boot else None,
        )

    def _spec(self, row: Instance, url: str) -> LaunchSpec:
        return LaunchSpec(
            label=row.label,
            image=self._profile.image,
            command=self._profile.command,
            environment=worker_environment(row.id, url, profile=self._profile, extra=self._environment),
            disk_gb=self._profile.disk_gb,
            ssh=self._profile.ssh,
        )

    def _record(self, row: Instance, offer: Offer, result: CreateResult) -> None:
        match result:
            case Created(provider_instance_id):
                self._created(row, offer, provider_instance_id)
            case CreatedBroken(provider_instance_id, reason):
                log.warning("machine created broken", instance_id=row.id, reason=reason)
                self._end(row, provider_instance_id, f"created broken: {reason}")
            case Ambiguous(reason):
                log.warning("create not answered, its label is looked for", instance_id=row.id, reason=reason)
                self._ledger.instances.move(row.id, State.AMBIGUOUS, sources={State.INTENDED})
            case Gone(reason):
                self._market.taken(offer, now=self._now())
                self._refuse(row, f"offer gone: {reason}")
            case NoCapacity(reason, retry_after_s):
                self._market.busy(reason, seconds=retry_after_s, now=self._now())
                self._refuse(row, reason)
            case Denied(reason):
                self._market.refused(reason, now=self._now())
                self._refuse(row, reason)

    def _created(self, row: Instance, offer: Offer, provider_instance_id: str) -> None:
        moved = self._ledger.instances.move(
            row.id,
            State.ALLOCATING,
            sources={State.INTENDED, State.AMBIGUOUS},
            provider_instance_id=provider_instance_id,
            created_at=self._now(),
        )
        self._market.taken(offer, now=self._now())
        self._market.rented()
        if moved is None:  # ended by hand, or given up by another leader, while the request was under way
            log.warning("machine destroyed at once: its intent had ended", instance_id=row.id)
            self._provider.destroy(provider_instance_id)
            return
        log.info(
            "offer rented",
            instance_id=row.id,
            gpu=offer.gpu,
            usd_per_hour=round(offer.usd_per_hour, 4),
            machine_id=offer.machine_id,
            provider_instance_id=provider_instance_id,
        )

    def _end(self, row: Instance, provider_instance_id: str, reason: str) -> None:
        now = self._now()
        self._ledger.instances.move(
            row.id,
            State.DESTROYING,
            sources={State.INTENDED},
            provider_instance_id=provider_instance_id,
            created_at=now,
            destroying_at=now,
            end_reason=reason[:500],
        )
        self._provider.destroy(provider_instance_id)

    def _refuse(self, row: Instance, reason: str) -> None:
        """Nothing was made: the row ends without ever having cost anything. Its user goes with the next pass."""
        log.info("not rented", instance_id=row.id, gpu=row.gpu, machine_id=row.machine_id, reason=reason)
        self._ledger.instances.move(
            row.id, State.DESTROYED, sources={State.INTENDED}, destroyed_at=self._now(), end_reason=reason[:500]
        )


def worker_environment(
    instance_id: str, redis_url: str, *, profile: Profile, extra: Mapping[str, str]
) -> dict[str, str]:
    """All that a rented machine is told: who it is, where Redis is, the profile's own variables. No other secret."""
    return {
        **profile.environment,
        **extra,
        "EASEL_PROFILE": profile.id,
        "EASEL_WORKER_ID": instance_id,
        "EASEL_WORKER_REDIS_URL": redis_url,
    }
