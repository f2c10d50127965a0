"""A fleet and its queue in virtual time: events in a heap, a scaler that is asked, and a bill."""

import heapq
import math
import random
from bisect import bisect_right
from collections import Counter, deque
from collections.abc import Callable
from itertools import count
from typing import Protocol

from provisioner.lifecycle import State
from provisioner.simulator.market import MarketModel
from provisioner.simulator.outcome import Outcome
from provisioner.simulator.trace import Request, Trace
from tasks import estimate

_STARTING = (State.PULLING, State.BOOTING, State.WAKING)
# A worker looks so far into the queue for a job of its loaded checkpoint, unless the first has waited for too long.
_REACH, _PATIENCE_S = 20, 60.0
_LEARN_EVERY = 10


class Scaler(Protocol):
    """A rule that decides how many workers there are. It acts through the world's verbs."""

    name: str
    # Asked after each event where true; otherwise at multiples of `period_s` only.
    on_events: bool
    period_s: float

    def decide(self, world: "World") -> float:
        """Launch, park, wake or end machines; returns the seconds after which it wants to be asked again."""
        ...


class Worker:
    """One machine of the simulated fleet."""

    __slots__ = (
        "created_s",
        "draining",
        "expected_end_s",
        "gpu_s",
        "id",
        "idle_since",
        "model",
        "parked_at",
        "request",
        "running_since",
        "stage",
        "waking_at",
    )

    def __init__(self, identity: int, now: float) -> None:
        self.id = identity
        self.stage = State.PULLING
        self.created_s = now
        self.running_since: float | None = None
        self.gpu_s = 0.0
        self.request: Request | None = None
        self.expected_end_s = 0.0
        self.idle_since = now
        self.parked_at = now
        self.waking_at = now
        self.model = ""
        self.draining = False

    @property
    def is_idle(self) -> bool:
        """Ready, and without a job."""
        return self.stage is State.READY and self.request is None


class World:
    """Jobs arrive, workers draw them in order of arrival, a scaler decides. One instance is one run."""

    def __init__(self, trace: Trace, scaler: Scaler, market: MarketModel, *, seed: int) -> None:
        self.now = 0.0
        self.market = market
        self.machines: dict[int, Worker] = {}
        self.queue: deque[Request] = deque()
        self.queued = Counter[int]()
        self.users: Counter[str] = Counter()
        self.launched_at: float | None = None
        self._experience = estimate.Experience([])
        self._trace = trace
        self._arrivals = [request.t_s for request in trace]
        self._scaler = scaler
        self._chance = random.Random(seed)  # noqa: S311 - a simulation, not a secret
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order, self._ids = count(), count()
        self._finished: deque[tuple[float, float]] = deque(maxlen=100)
        self._look_s = math.inf
        self._arrived = 0
        self.outcome = Outcome(name=scaler.name, images=sum(request.n_images for request in trace))

    def run(self) -> Outcome:
        """Play the trace to its last picture; what is still rented then is billed to that moment."""
        arrivals = self._arrivals
        if not self._scaler.on_events:
            self._look_s = 0.0
        while self._arrived < len(arrivals) or self.in_flight:
            coming = arrivals[self._arrived] if self._arrived < len(arrivals) else math.inf
            event = self._events[0][0] if self._events else math.inf
            self.now = min(coming, event, self._look_s)
            if self.now == self._look_s:
                self._look()
                continue
            if event <= coming:
                heapq.heappop(self._events)[2]()
            else:
                self._arrive()
            if self._scaler.on_events:
                self._look()
        for machine in list(self.machines.values()):
            self._bill(machine)
        self.outcome.span_s = self.now
        return self.outcome

    # What a scaler may look at.

    @property
    def in_flight(self) -> int:
        """Jobs that wait or are drawn."""
        return len(self.queue) + self.running

    @property
    def running(self) -> int:
        """Jobs that are drawn."""
        return sum(machine.request is not None for machine in self.machines.values())

    @property
    def capacity(self) -> list[Worker]:
        """Ready or on their way, and not about to end."""
        return [
            one
            for one in self.machines.values()
            if not one.draining and (one.stage is State.READY or one.stage in _STARTING)
        ]

    def arrivals_within(self, seconds: float) -> int:
        """Jobs that came within the last `seconds`."""
        return self._arrived - bisect_right(self._arrivals, self.now - seconds, 0, self._arrived)

    def predicted_s(self, units: float) -> float:
        """What the estimate that learns from finished jobs says."""
        return self._experience.seconds(units)

    def outstanding_s(self) -> float:
        """Predicted seconds of all work that waits or is left on a worker."""
        left = sum(max(0.0, one.expected_end_s - self.now) for one in self.machines.values() if one.request is not None)
        return left + sum(number * self.predicted_s(size) for size, number in self.queued.items())

    def load_within(self, seconds: float) -> float:
        """GPUs that the jobs of the last `seconds` keep busy, by prediction."""
        recent = self._trace[self._arrived - self.arrivals_within(seconds) : self._arrived]
        return sum(self.predicted_s(request.n_images) for request in recent) / seconds

    # What a scaler may do.

    def launch(self) -> None:
        """Rent a machine, unless as many as may be are there."""
        if len(self.machines) >= self.market.max_workers:
            return
        machine = Worker(next(self._ids), self.now)
        self.machines[machine.id] = machine
        self.launched_at = self.now
        self.outcome.launches += 1
        pull_s = self.market.draw_pull_s(self._chance)
        if pull_s is not None:
            self._after(pull_s, lambda: self._runs(machine, State.PULLING))

    def wake(self, machine: Worker) -> None:
        """Ask a parked machine to run again; nothing tells but time that it does not."""
        machine.stage, machine.waking_at = State.WAKING, self.now
        self.outcome.wakes += 1
        wake_s = self.market.draw_wake_s(self._chance)
        if wake_s is not None:
            self._after(wake_s, lambda: self._runs(machine, State.WAKING))

    def park(self, machine: Worker) -> None:
        """Stop an idle machine and keep its disk."""
        self._stop(machine)
        machine.stage, machine.parked_at = State.PARKED, self.now
        self.outcome.parks += 1

    def end(self, machine: Worker) -> None:
        """End it now, or after its job."""
        if machine.request is not None:
            machine.draining = True
            return
        self._bill(machine)
        del self.machines[machine.id]
        machine.stage = State.DESTROYED

    # What happens.

    def _after(self, seconds: float, do: Callable[[], None]) -> None:
        heapq.heappush(self._events, (self.now + seconds, next(self._order), do))

    def _look(self) -> None:
        self._look_s = self.now + self._scaler.decide(self)

    def _arrive(self) -> None:
        request = self._trace[self._arrived]
        self._arrived += 1
        self.users[request.user] += 1
        self.queue.append(request)
        self.queued[request.n_images] += 1
        if self._look_s == math.inf and not self._scaler.on_events:
            self._look_s = math.ceil(self.now / self._scaler.period_s) * self._scaler.period_s
        idle = [one for one in self.machines.values() if one.is_idle and not one.draining]
        if idle:
            likes = request.model if self.market.affinity else None
            self._start(max(idle, key=lambda one: (one.model == likes, one.idle_since)))

    def _start(self, machine: Worker) -> None:
        """Give the next job to an idle worker."""
        if not self.queue:
            return
        request = self._next_for(machine)
        swap_s = 0.0 if machine.model == request.model else self.market.swap_s
        self.queued[request.n_images] -= 1
        machine.request, machine.model = request, request.model
        machine.expected_end_s = self.now + swap_s + self.predicted_s(request.n_images)
        self.outcome.waits.append(self.now + swap_s - request.t_s)
        self._after(swap_s + request.exec_s, lambda: self._finish(machine))

    def _next_for(self, machine: Worker) -> Request:
        queue = self.queue
        if self.market.affinity and self.market.swap_s and self.now - queue[0].t_s < _PATIENCE_S:
            for place in range(min(len(queue), _REACH)):
                if queue[place].model == machine.model:
                    request = queue[place]
                    del queue[place]
                    return request
        return queue.popleft()

    def _finish(self, machine: Worker) -> None:
        request = machine.request
        assert request is not None  # noqa: S101 - only _start schedules this
        machine.request, machine.idle_since = None, self.now
        self.users[request.user] -= 1
        if not self.users[request.user]:
            del self.users[request.user]
        self._finished.append((request.n_images, request.exec_s - estimate.OVERHEAD_S))
        self._learn()
        if machine.draining:
            self.end(machine)
        else:
            self._start(machine)

    def _learn(self) -> None:
        if len(self.outcome.waits) % _LEARN_EVERY == 0 or len(self._finished) < _LEARN_EVERY:
            self._experience = estimate.Experience(self._finished)

    def _runs(self, machine: Worker, coming_from: State) -> None:
        """The container runs: the GPU is billed from here on."""
        if machine.stage is not coming_from:
            return
        machine.stage = State.BOOTING if coming_from is State.PULLING else coming_from
        machine.running_since = self.now
        self._after(self.market.load_s, lambda: self._ready(machine))

    def _ready(self, machine: Worker) -> None:
        if machine.stage not in (State.BOOTING, State.WAKING):
            return
        machine.stage, machine.idle_since = State.READY, self.now
        self.outcome.boots.append(self.now - max(machine.created_s, machine.waking_at))
        self._start(machine)

    def _stop(self, machine: Worker) -> None:
        if machine.running_since is not None:
            machine.gpu_s += self.now - machine.running_since
            machine.running_since = None

    def _bill(self, machine: Worker) -> None:
        self._stop(machine)
        self.outcome.gpu_usd += machine.gpu_s * self.market.gpu_usd_per_s
        self.outcome.disk_usd += (self.now - machine.created_s) * self.market.disk_usd_per_s
        self.outcome.launch_usd += self.market.launch_usd
