"""What some clouds can do beyond renting. Each ability is a protocol: ask with `isinstance`, or read `Capabilities`.

As in `base`, refusals and doubts are data; no method raises for what the network or the cloud does.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable


@dataclass(frozen=True)
class Accepted:
    """The cloud will do it. Whether it is done, a later listing says."""


@dataclass(frozen=True)
class Refused:
    """It was not done, as far as we know; what ran before runs on, and so does its bill."""

    reason: str


Outcome = Accepted | Refused


@dataclass(frozen=True)
class Log:
    """The last lines of a machine's output; `problem` says why there are none."""

    text: str = ""
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class Account:
    """What is left to spend, in US dollars; None where it cannot be read, and `problem` says why."""

    credit_usd: float | None = None
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class Charge:
    """What the cloud itself says that one machine cost within the period asked for, in US dollars.

    `total_usd` is authoritative; the parts are 0 where the cloud does not tell them apart.
    """

    provider_instance_id: str
    label: str
    total_usd: float
    gpu_usd: float = 0.0
    storage_usd: float = 0.0
    bandwidth_usd: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Charges:
    """All charges of a period. Where `complete` is false, `problem` says what is missing."""

    charges: tuple[Charge, ...] = ()
    complete: bool = True
    problem: str = ""


@dataclass(frozen=True)
class ShellAddress:
    """Where `ssh` reaches a machine; `problem` says why it does not."""

    host: str = ""
    port: int = 22
    user: str = "root"
    problem: str = ""


@runtime_checkable
class CanPark(Protocol):
    """Stops a machine and keeps its disk, whose rent is all that it then costs; starting it again may fail."""

    def park(self, provider_instance_id: str) -> Outcome:
        """Stop the container; the disk stays and is billed."""
        ...

    def unpark(self, provider_instance_id: str) -> Outcome:
        """Ask for the container again. Accepted does not mean that the GPU is still free."""
        ...


@runtime_checkable
class KeepsLogs(Protocol):
    """Hands out what a machine printed."""

    def logs(self, provider_instance_id: str, *, lines: int) -> Log:
        """The last `lines` lines."""
        ...


@runtime_checkable
class HasAccount(Protocol):
    """Knows what is left to spend, and what was charged."""

    def account(self) -> Account:
        """The credit at this moment."""
        ...

    def charges(self, *, since: datetime, until: datetime) -> Charges:
        """What the cloud charged for each machine between two moments."""
        ...


@runtime_checkable
class OpensShells(Protocol):
    """Lets a person in."""

    def shell(self, provider_instance_id: str) -> ShellAddress:
        """Where to connect to."""
        ...

    def allow_key(self, provider_instance_id: str, public_key: str) -> Outcome:
        """Let the owner of an OpenSSH public key in."""
        ...
