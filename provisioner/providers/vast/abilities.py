"""What Vast can do beyond renting: park, logs, credit, charges, a shell. Each asks once."""

import math
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from provisioner.providers.abilities import (
    Accepted,
    Account,
    Charge,
    Charges,
    Log,
    Outcome,
    ShellAddress,
)
from provisioner.providers.abilities import (
    Refused as NotDone,
)
from provisioner.providers.vast.answers import ChargePage, InstanceRow, UserAnswer
from provisioner.providers.vast.calls import Refused, call

_PAGE = 100
_MAX_PAGES = 40
# A worker that prints its environment prints the address of our Redis.
_PASSWORD = re.compile(r"(://[^:/@\s]*:)[^@\s]+@")


class VastAbilities:
    """The part of the Vast provider that the loop can do without."""

    def __init__(self, sdk: Any) -> None:
        self._sdk = sdk

    def park(self, provider_instance_id: str) -> Outcome:
        """Stop: the GPU goes to whoever wants it, the disk stays and is billed."""
        return self._done(lambda: self._sdk.stop_instance(int(provider_instance_id)))

    def unpark(self, provider_instance_id: str) -> Outcome:
        """Start: Vast accepts and keeps it waiting ("scheduling") while somebody else has the GPU."""
        return self._done(lambda: self._sdk.start_instance(int(provider_instance_id)))

    def logs(self, provider_instance_id: str, *, lines: int) -> Log:
        """Through Vast's object storage, within nine seconds. Passwords in addresses are blotted out."""
        try:
            text = call(lambda: self._sdk.logs(int(provider_instance_id), tail=str(lines)))
        except Refused as error:
            return Log(problem=f"Vast hands out no log: {error}")
        if not isinstance(text, str):
            return Log(problem="Vast hands out no log: no address of it in the answer")
        return Log(text=_PASSWORD.sub(r"\1***@", text))

    def account(self) -> Account:
        """The credit that is left."""
        try:
            user = UserAnswer.model_validate(call(self._sdk.show_user))
        except Refused as error:
            return Account(problem=f"Vast does not tell the credit: {error}")
        except ValidationError:
            return Account(problem="Vast does not tell the credit: an answer in an unknown form")
        credit = user.balance if user.credit is None else user.credit
        return Account(credit_usd=credit, problem="" if credit is not None else "Vast does not tell the credit")

    def charges(self, *, since: datetime, until: datetime) -> Charges:
        """Per machine; Vast's own rows may lag behind by some hours."""
        found: dict[str, Charge] = {}
        try:
            self._read_charges(found, since=since, until=until)
        except Refused as error:
            return Charges(charges=tuple(found.values()), complete=False, problem=f"Vast: {error}")
        except ValidationError:
            return Charges(charges=tuple(found.values()), complete=False, problem="Vast: charges in an unknown form")
        return Charges(charges=tuple(found.values()))

    def shell(self, provider_instance_id: str) -> ShellAddress:
        """Vast's proxy; only machines of a profile with `ssh = true` have an SSH server."""
        try:
            row = InstanceRow.model_validate(call(lambda: self._row(provider_instance_id)))
        except Refused as error:
            return ShellAddress(problem=str(error))
        except ValidationError:
            return ShellAddress(problem=f"Vast knows no machine {provider_instance_id}")
        if "ssh" not in (row.image_runtype or "ssh"):
            return ShellAddress(problem="it was rented without SSH; set ssh = true in the profile and rent anew")
        if not row.ssh_host or not row.ssh_port:
            return ShellAddress(problem="Vast gave it no address yet")
        return ShellAddress(host=row.ssh_host.strip(), port=row.ssh_port)

    def allow_key(self, provider_instance_id: str, public_key: str) -> Outcome:
        """Attach an OpenSSH public key to this machine only."""
        return self._done(lambda: self._sdk.attach_ssh(int(provider_instance_id), public_key))

    def _row(self, provider_instance_id: str) -> Any:
        """One raw row: the SDK's own reading fails on a machine without a start date."""
        answer = self._sdk.client.get(f"/instances/{int(provider_instance_id)}/", query_args={"owner": "me"})
        answer.raise_for_status()
        return answer.json()["instances"]

    def _read_charges(self, found: dict[str, Charge], *, since: datetime, until: datetime) -> None:
        token: str | None = None
        for _ in range(_MAX_PAGES):
            body = call(lambda token=token: self._charge_page(since, until, token))  # type: ignore[misc]
            page = ChargePage.model_validate(body)
            for row in page.results:
                charge = row.charge()
                found[charge.provider_instance_id] = _sum(found.get(charge.provider_instance_id), charge)
            token = page.next_token
            if not token:
                return
        raise Refused(f"the charges did not end after {_MAX_PAGES} pages")

    def _charge_page(self, since: datetime, until: datetime, token: str | None) -> Any:
        return self._sdk.show_invoices_v1(
            charges=True,
            charge_type=["instance"],
            start_date=int(since.timestamp()),
            end_date=math.ceil(until.timestamp()),
            limit=_PAGE,
            next_token=token,
        )

    def _done(self, request: Callable[[], Any]) -> Outcome:
        try:
            body = call(request)
        except Refused as error:
            return NotDone(str(error))
        if isinstance(body, dict) and body.get("success") is False:
            return NotDone(f"Vast answered {str(body.get('msg') or body.get('error') or body)[:200]}")
        return Accepted()


def _sum(before: Charge | None, more: Charge) -> Charge:
    if before is None:
        return more
    return Charge(
        provider_instance_id=more.provider_instance_id,
        label=more.label or before.label,
        total_usd=before.total_usd + more.total_usd,
        gpu_usd=before.gpu_usd + more.gpu_usd,
        storage_usd=before.storage_usd + more.storage_usd,
        bandwidth_usd=before.bandwidth_usd + more.bandwidth_usd,
    )
