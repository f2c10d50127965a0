"""EC2 behind the fleet's promises: each configured instance is an offer of one machine, there or not.

Renting is starting, destroying is stopping: the instance and its disk are the owner's and stay. A tag carries the label
while it is rented. The id that the fleet gets is `<instance>/<end of the label>`: an order to end an earlier rental
never stops a later one of the same instance.
"""

import base64
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from config.registry import Ec2Instance, Profile
from provisioner.providers.abilities import Outcome, Refused, ShellAddress
from provisioner.providers.base import (
    Ambiguous,
    Capabilities,
    Created,
    CreateResult,
    Denied,
    Destroyed,
    DestroyResult,
    Gone,
    LaunchSpec,
    Listed,
    NoCapacity,
    Offer,
    OfferList,
    Pending,
    Snapshot,
    Status,
)
from provisioner.providers.ec2 import errors
from provisioner.providers.ec2.bootscript import user_data

TIMEOUT_S = 10.0
LABEL_TAG = "easel-label"
_RETRY_S = 30.0
_STATES = {"pending": Status.ALLOCATING, "shutting-down": Status.STOPPED, "stopping": Status.STOPPED}
_ABSENT = frozenset({"stopped", "terminated"})
_Answer = TypeVar("_Answer")


class _Failed(Exception):  # noqa: N818 - never leaves this module
    """A call failed; `code` is "" where there was no answer."""

    def __init__(self, message: str, *, code: str = "", status: int = 0) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


class Ec2Provider:
    """The instances of `fleet.toml`, `[[ec2]]`; credentials come from AWS's own variables or files."""

    name = "ec2"

    def __init__(self, instances: Sequence[Ec2Instance], *, url: str | None = None) -> None:
        self.capabilities = Capabilities(can_park=False, remote=True)
        self._instances = {one.instance_id: one for one in instances}
        self._url = url
        self._clients: dict[str, Any] = {}

    def offers(self, profile: Profile) -> OfferList:
        """Those that are stopped and not ours already; the prices are the owner's own figures."""
        del profile
        try:
            stopped = [one for one in self._described() if _state(one) == "stopped"]
        except _Failed as error:
            return OfferList(problem=f"EC2 cannot be read: {error}", retry_after_s=_RETRY_S)
        return OfferList(offers=tuple(_offer(self._instances[one["InstanceId"]]) for one in stopped))

    def create(self, offer: Offer, spec: LaunchSpec) -> CreateResult:
        """Tag it, give it the worker's variables, start it. Only the start makes it cost anything."""
        instance = self._instances.get(offer.id)
        if instance is None:
            return Denied(f"{offer.id} is not in [[ec2]] of fleet.toml")
        if not spec.image:
            return Denied("an image is needed")
        try:
            script = user_data(spec)
        except ValueError as error:
            return Denied(str(error))
        try:
            refusal = self._prepare(instance, spec.label, script)
        except _Failed as error:
            return self._unstarted(instance, error)
        return refusal or self._start(instance, spec.label)

    def snapshot(self, *, now: datetime) -> Snapshot:
        """All configured instances that are not stopped, those that somebody else started included."""
        try:
            described = self._described()
            health = self._health()
        except _Failed as error:
            return Snapshot(at=now, complete=False, problem=f"EC2 cannot be read: {error}")
        shown = [one for one in described if _state(one) not in _ABSENT]
        return Snapshot(at=now, complete=True, instances=tuple(self._listed(one, health) for one in shown))

    def destroy(self, provider_instance_id: str) -> DestroyResult:
        """Stop it, if it still runs for this rental."""
        instance_id, _, suffix = provider_instance_id.partition("/")
        instance = self._instances.get(instance_id)
        if instance is None:
            return Destroyed()
        try:
            found = [one for one in self._described(instance) if _suffix(_label(one)) == suffix]
            if found and _state(found[0]) not in _ABSENT:
                self._call(instance, lambda ec2: ec2.stop_instances(InstanceIds=[instance_id]))
        except _Failed as error:
            return Destroyed() if error.code in errors.NOT_FOUND else Pending(str(error))
        return Destroyed()

    def shell(self, provider_instance_id: str) -> ShellAddress:
        """Its private or public address, as configured."""
        instance = self._instances.get(provider_instance_id.partition("/")[0])
        if instance is None:
            return ShellAddress(problem=f"{provider_instance_id} is not in [[ec2]] of fleet.toml")
        try:
            described = self._described(instance)
        except _Failed as error:
            return ShellAddress(problem=str(error))
        field = "PublicIpAddress" if instance.address == "public" else "PrivateIpAddress"
        host = described[0].get(field, "") if described else ""
        problem = "" if host else f"it has no {instance.address} address now"
        return ShellAddress(host=host, user=instance.user, problem=problem)

    def allow_key(self, provider_instance_id: str, public_key: str) -> Outcome:
        """EC2 takes key pairs only when an instance is made."""
        del public_key
        return Refused(
            f"{provider_instance_id} has the key pair that it was made with; add others on the machine itself"
        )

    def _prepare(self, instance: Ec2Instance, label: str, script: str) -> CreateResult | None:
        described = self._described(instance)
        state = _state(described[0]) if described else "terminated"
        if state == "terminated":
            return Denied(f"{instance.instance_id} is terminated; correct [[ec2]] in fleet.toml")
        if state == "stopping":
            return NoCapacity(f"{instance.instance_id} is still stopping", errors.BUSY_S)
        if state != "stopped":
            return Gone(f"{instance.instance_id} is {state} already")
        tags = [{"Key": LABEL_TAG, "Value": label}]
        self._call(instance, lambda ec2: ec2.create_tags(Resources=[instance.instance_id], Tags=tags))
        encoded = base64.b64encode(script.encode()).decode()  # the one form for which the SDK does not do it
        self._call(
            instance,
            lambda ec2: ec2.modify_instance_attribute(
                InstanceId=instance.instance_id, Attribute="userData", Value=encoded
            ),
        )
        # Its own shutdown must stop it: "terminate" would take the owner's disk with it.
        stops = {"Value": "stop"}
        self._call(
            instance,
            lambda ec2: ec2.modify_instance_attribute(
                InstanceId=instance.instance_id, InstanceInitiatedShutdownBehavior=stops
            ),
        )
        return None

    def _start(self, instance: Ec2Instance, label: str) -> CreateResult:
        try:
            self._call(instance, lambda ec2: ec2.start_instances(InstanceIds=[instance.instance_id]))
        except _Failed as error:
            if not error.code:
                return Ambiguous(str(error))
            return errors.of_code(error.code, str(error), status=error.status, instance_id=instance.instance_id)
        return Created(f"{instance.instance_id}/{_suffix(label)}")

    def _unstarted(self, instance: Ec2Instance, error: _Failed) -> CreateResult:
        """Before the start nothing can cost money, so silence is no doubt."""
        if not error.code:
            return NoCapacity(f"EC2 does not answer: {error}", _RETRY_S)
        result = errors.of_code(error.code, str(error), status=error.status, instance_id=instance.instance_id)
        return NoCapacity(result.reason, _RETRY_S) if isinstance(result, Ambiguous) else result

    def _described(self, only: Ec2Instance | None = None) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for one in [only] if only else self._one_per_region():
            ids = [only.instance_id] if only else self._ids_in(one.region)
            answer = self._call(one, lambda ec2, ids=ids: ec2.describe_instances(InstanceIds=ids))  # type: ignore[misc]
            found += [row for group in answer["Reservations"] for row in group["Instances"]]
        return found

    def _health(self) -> dict[str, str]:
        """Instance id → ok, initializing or impaired, of those that run."""
        found: dict[str, str] = {}
        for one in self._one_per_region():
            ids = self._ids_in(one.region)
            answer = self._call(one, lambda ec2, ids=ids: ec2.describe_instance_status(InstanceIds=ids))  # type: ignore[misc]
            found |= {row["InstanceId"]: _worst(row) for row in answer["InstanceStatuses"]}
        return found

    def _one_per_region(self) -> list[Ec2Instance]:
        return list({one.region: one for one in self._instances.values()}.values())

    def _ids_in(self, region: str) -> list[str]:
        return [one.instance_id for one in self._instances.values() if one.region == region]

    def _listed(self, row: dict[str, Any], health: dict[str, str]) -> Listed:
        instance, label = self._instances[row["InstanceId"]], _label(row)
        return Listed(
            provider_instance_id=f"{instance.instance_id}/{_suffix(label)}",
            label=label,
            status=_status(_state(row), health.get(instance.instance_id, "initializing")),
            message=str(row.get("StateReason", {}).get("Message", ""))[:200],
            gpu=instance.gpu,
            machine_id=instance.instance_id,
            usd_per_hour=instance.usd_per_hour + instance.storage_usd_per_hour,
            created_at=row.get("LaunchTime"),
        )

    def _call(self, instance: Ec2Instance, request: Callable[[Any], _Answer]) -> _Answer:
        try:
            return request(self._client(instance.region))
        except ClientError as error:
            said, meta = error.response.get("Error", {}), error.response.get("ResponseMetadata", {})
            raise _Failed(
                str(said.get("Message") or error)[:300],
                code=str(said.get("Code") or "Unknown"),
                status=int(meta.get("HTTPStatusCode", 0)),
            ) from error
        except (BotoCoreError, ResponseParserError) as error:
            raise _Failed(f"{type(error).__name__}: {error}"[:300]) from error

    def _client(self, region: str) -> Any:
        """One attempt each: the loop repeats what may be repeated, and knows what it has asked for."""
        if region not in self._clients:
            once = Config(retries={"total_max_attempts": 1}, connect_timeout=TIMEOUT_S / 2, read_timeout=TIMEOUT_S)
            self._clients[region] = boto3.client("ec2", region_name=region, endpoint_url=self._url, config=once)
        return self._clients[region]


def _offer(instance: Ec2Instance) -> Offer:
    return Offer(
        id=instance.instance_id,
        machine_id=instance.instance_id,
        gpu=instance.gpu,
        usd_per_hour=instance.usd_per_hour + instance.storage_usd_per_hour,
        storage_usd_per_hour=instance.storage_usd_per_hour,
        vram_gb=instance.vram_gb,
        compute_capability=instance.compute_capability,
        cuda=instance.cuda,
        reliability=1.0,
        download_mbps=float("inf"),  # the image is on its own disk after the first start
        raw={"region": instance.region},
    )


def _status(state: str, health: str) -> Status:
    if state != "running":
        return _STATES.get(state, Status.ALLOCATING)
    if health == "impaired":
        return Status.BROKEN
    return Status.RUNNING if health == "ok" else Status.PULLING


def _worst(row: dict[str, Any]) -> str:
    found = {str(row.get(part, {}).get("Status", "")) for part in ("InstanceStatus", "SystemStatus")}
    if "impaired" in found:
        return "impaired"
    return "ok" if found <= {"ok", "not-applicable"} else "initializing"


def _state(row: dict[str, Any]) -> str:
    return str(row["State"]["Name"])


def _label(row: dict[str, Any]) -> str:
    return next((str(tag["Value"]) for tag in row.get("Tags", []) if tag["Key"] == LABEL_TAG), "")


def _suffix(label: str) -> str:
    return label.rpartition("/")[2]
