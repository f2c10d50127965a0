"""What a pass of the loop knows: data only, gathered by `observe`, judged by `reconcile` and `policy`. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from types import MappingProxyType

from provisioner.budget import Spending
from provisioner.deadlines import Boot
from provisioner.lifecycle import State
from provisioner.providers.base import Listed, Offer
from tasks.ledger import Instance
from tasks.schema import Heartbeat, WorkerState


@dataclass(frozen=True, kw_only=True)
class Demand:
    """Work that waits for a GPU or is on one. `oldest_waiting_s` is of the jobs that no worker has taken.

    `users`: how many members these jobs belong to; 0 where nobody counted. `load`: GPUs that the jobs of the last
    quarter of an hour would have kept busy. `standby`: so many machines were ordered by hand, whatever the queue says.
    """

    jobs: int = 0
    seconds: float = 0.0
    oldest_waiting_s: float = 0.0
    users: int = 0
    load: float = 0.0
    standby: int = 0


@dataclass(frozen=True, kw_only=True)
class Machine:
    """One live row of the ledger with all that is known of it.

    `silent_s` counts from the last sign of life that we saw ourselves: no machine's clock is trusted.
    `missing_s` is 0 unless the present listing is complete and does not show it, as none since then did.
    `holds_work`: messages, leases or claimed jobs on our side; `idle_s` is None before it is ready or while it works.
    `still_at` is the last moment at which a complete listing showed that its container did not run.
    `parked_s` and `waking_s` count from when it was asked to stop, and to run again.
    `ordered`: "drain", "park" or "wake", where the owner ordered that by hand; "" otherwise.
    `ended_at_provider`: the provider accepted its end before the present listing, which is complete, was made.
    """

    row: Instance
    listed: Listed | None = None
    missing_s: float = 0.0
    heartbeat: Heartbeat | None = None
    silent_s: float = 0.0
    holds_work: bool = False
    idle_s: float | None = None
    still_at: datetime | None = None
    parked_s: float | None = None
    waking_s: float | None = None
    ordered: str = ""
    ended_at_provider: bool = False

    @cached_property
    def state(self) -> State:
        """Where the ledger says it stands."""
        return State(self.row.state)

    @property
    def runs_since(self) -> datetime:
        """The earliest moment from which its GPU may be billed: what was not seen is counted against us."""
        begun = self.row.created_at or self.row.intended_at
        return begun if self.still_at is None else max(begun, self.still_at)

    @property
    def takes_jobs(self) -> bool:
        """Its own heartbeat says that it is up and takes jobs: the only meaning of *ready*."""
        return self.heartbeat is not None and self.heartbeat.state in (WorkerState.IDLE, WorkerState.BUSY)

    @property
    def is_leaving(self) -> bool:
        """It takes no further job and ends, so it is no capacity."""
        return self.ordered == "drain"

    def age_s(self, now: datetime) -> float:
        """Seconds since the intent."""
        return max(0.0, (now - self.row.intended_at).total_seconds())


@dataclass(frozen=True, kw_only=True)
class Orphan:
    """A machine at the provider that carries our label and belongs to no live intent."""

    listed: Listed
    seen_for_s: float

    @property
    def cost_usd(self) -> float:
        """US dollars while we saw it, as if it ran from the first moment."""
        return self.listed.usd_per_hour * self.seen_for_s / 3600


@dataclass(frozen=True, kw_only=True)
class Observation:
    """The world at `now`. `listing_age_s` is None before the first complete listing of this process.

    `held`: the owner took the fleet down by hand; the sentence that says so, "" otherwise. `paused`: the same for
    an order that nothing new be rented or woken.
    `most`: so many may run at once, by the owner's order; None: as many as the caps allow.
    `parking_pays`: as far as the machines that were woken lately show.
    `blind_s`: for how long Redis has not answered; None while it does. Then heartbeats are the last known ones.
    """

    now: datetime
    demand: Demand
    spending: Spending
    machines: tuple[Machine, ...] = ()
    orphans: tuple[Orphan, ...] = ()
    own_workers: int = 0
    listing_age_s: float | None = None
    listing_problem: str = ""
    blind_s: float | None = None
    since_last_intent_s: float | None = None
    boot_estimate_s: float = 180.0
    held: str = ""
    paused: str = ""
    most: int | None = None
    parking_pays: bool = True
    max_age_h: float | None = None
    avoided: frozenset[str] = field(default_factory=frozenset)

    @property
    def unresolved(self) -> tuple[Machine, ...]:
        """Creates whose outcome nobody knows yet."""
        return tuple(machine for machine in self.machines if machine.state in (State.INTENDED, State.AMBIGUOUS))


@dataclass(frozen=True, kw_only=True)
class Market:
    """The fitting offers, best first, looked up only when a machine is wanted. `problem`: why there is none.

    `download_gb`: what a fresh machine fetches before it is ready. `boots`: offer id → what to expect of its start.
    """

    offers: tuple[Offer, ...] = ()
    problem: str = ""
    create_interval_s: float = 0.0
    download_gb: float = 0.0
    boots: Mapping[str, Boot] = field(default_factory=lambda: MappingProxyType({}))
