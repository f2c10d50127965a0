"""What a plan may ask for. Each action names its machine and its reason; each may be repeated without harm. Pure."""

from dataclasses import dataclass

from provisioner.deadlines import Boot
from provisioner.lifecycle import State
from provisioner.observation import Machine
from provisioner.providers.base import Listed, Offer


@dataclass(frozen=True)
class Advance:
    """The machine got further: write it down. `running` notes that the container runs and the GPU is billed."""

    machine: Machine
    target: State
    running: bool = False


@dataclass(frozen=True)
class Doubt:
    """An intent without an answer, from a lost reply or an earlier process: look for its label before anything else."""

    machine: Machine


@dataclass(frozen=True)
class Adopt:
    """The label of an unresolved intent is at the provider: it is ours."""

    machine: Machine
    listed: Listed


@dataclass(frozen=True)
class GiveUp:
    """Complete listings, far enough apart, do not show the label: nothing was made."""

    machine: Machine


@dataclass(frozen=True)
class Drain:
    """End a machine that is not needed, unless it holds work at the last look."""

    machine: Machine
    reason: str


@dataclass(frozen=True)
class Park:
    """Stop an idle machine and keep its disk, unless it holds work at the last look."""

    machine: Machine
    reason: str


@dataclass(frozen=True)
class Unpark:
    """Ask a parked machine to run again."""

    machine: Machine
    reason: str


@dataclass(frozen=True)
class Destroy:
    """End a machine at once: it failed, is lost or is late. What it held goes back to the queue."""

    machine: Machine
    reason: str


@dataclass(frozen=True)
class RepeatDestroy:
    """Ask again; this never stops before a complete listing shows that it is gone."""

    machine: Machine


@dataclass(frozen=True)
class Bury:
    """Gone for certain: its bill has ended."""

    machine: Machine


@dataclass(frozen=True)
class DestroyOrphan:
    """A machine with our label and no intent."""

    listed: Listed
    seen_for_s: float


@dataclass(frozen=True)
class Launch:
    """Rent this offer. `boot`: when it should be ready; None leaves that to the profile's longest deadline."""

    offer: Offer
    reason: str
    boot: Boot | None = None


Action = (
    Advance | Doubt | Adopt | GiveUp | Drain | Destroy | RepeatDestroy | Bury | DestroyOrphan | Launch | Park | Unpark
)


@dataclass(frozen=True)
class Plan:
    """All that one pass does, the sentence that people read, and what a cap or a doubt keeps from being done."""

    actions: tuple[Action, ...]
    sentence: str
    blocked: str = ""
