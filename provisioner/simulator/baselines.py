"""How others scale, re-implemented from their documentation as rules over the same world: none is their own program."""

import math
from abc import ABC, abstractmethod
from collections import deque

from provisioner.lifecycle import State
from provisioner.simulator.world import Worker, World


class TargetScaler(ABC):
    """A rule that names a number of workers. Idle ones end first, busy ones after their job; nothing is parked."""

    name = "target"
    on_events = False
    period_s = 30.0

    @abstractmethod
    def target(self, world: World, /) -> int:
        """How many workers there should be now."""

    def decide(self, world: World) -> float:
        """Bring the fleet to the target; a start that takes too long is replaced."""
        for machine in world.capacity:
            if machine.stage is not State.READY and world.now - machine.created_s > world.market.deadline_s:
                world.end(machine)
        target, have = self.target(world), world.capacity
        for _ in range(target - len(have)):
            world.launch()
        for machine in sorted(have, key=_dispensable)[: max(0, len(have) - target)]:
            world.end(machine)
        return self.rest(world) if world.machines or world.in_flight or self.is_settling(world) else math.inf

    def rest(self, _world: World) -> float:
        """Seconds until the next decision."""
        return self.period_s

    def is_settling(self, _world: World) -> bool:
        """Whether time alone may change the target while nothing runs."""
        return False


def _dispensable(machine: Worker) -> tuple[bool, bool, float]:
    return machine.request is not None, machine.stage is State.READY, machine.idle_since


class AlwaysOn(TargetScaler):
    """So many workers, whatever happens."""

    def __init__(self, workers: int) -> None:
        self.name = f"always on {workers}"
        self._workers = workers

    def target(self, _world: World) -> int:
        """A constant."""
        return self._workers

    def is_settling(self, _world: World) -> bool:
        """From the first second on."""
        return True


class Keda(TargetScaler):
    """KEDA's redis list scaler through a HPA: ceil(waiting / list length), 300 s stabilisation, cooldown to zero."""

    def __init__(self, *, list_length: int = 5, cooldown_s: float = 300.0, stabilisation_s: float = 300.0) -> None:
        self.name = f"KEDA list {list_length}, cooldown {cooldown_s:.0f} s"
        self._list_length = list_length
        self._cooldown_s = cooldown_s
        self._stabilisation_s = stabilisation_s
        self._recent: deque[tuple[float, int]] = deque()
        self._active_s = -math.inf

    def target(self, world: World) -> int:
        """A job that a worker has taken is in no list any more, so it counts for nothing."""
        waiting = len(world.queue)
        if waiting:
            self._active_s = world.now
        self._recent.append((world.now, math.ceil(waiting / self._list_length)))
        while self._recent[0][0] < world.now - self._stabilisation_s:
            self._recent.popleft()
        is_active = world.now - self._active_s <= self._cooldown_s
        return max(int(is_active), *(number for _, number in self._recent)) if is_active else 0


class SkyServe(TargetScaler):
    """SkyServe: requests per second over a minute by the target rate, held for 300 s up and 1200 s down."""

    period_s = 20.0

    def __init__(self, *, target_qps: float, up_s: float = 300.0, down_s: float = 1200.0) -> None:
        self.name = f"SkyServe {target_qps:.3f}/s, up {up_s:.0f} s, down {down_s:.0f} s"
        self._target_qps = target_qps
        self._up_s = up_s
        self._down_s = down_s
        self._now = 0
        self._up_since: float | None = None
        self._down_since: float | None = None

    def target(self, world: World) -> int:
        """At once from zero; otherwise only what has been wanted for long enough."""
        wanted = math.ceil(world.arrivals_within(60) / 60 / self._target_qps)
        now = world.now
        self._up_since = (self._up_since or now) if wanted > self._now else None
        self._down_since = (self._down_since or now) if wanted < self._now else None
        from_zero = self._now == 0 and wanted > 0
        held_up = self._up_since is not None and now - self._up_since >= self._up_s
        held_down = self._down_since is not None and now - self._down_since >= self._down_s
        if from_zero or held_up or held_down:
            self._now, self._up_since, self._down_since = wanted, None, None
        if wanted == 0 and self._now == 0 and world.in_flight:
            return 1  # its load balancer retries, which counts as new requests
        return self._now


class Dstack(TargetScaler):
    """dstack: requests per second over a minute by the target rate, with a delay since the last scaling."""

    period_s = 10.0

    def __init__(self, *, target_rps: float, up_s: float = 300.0, down_s: float = 600.0) -> None:
        self.name = f"dstack {target_rps:.3f}/s, up {up_s:.0f} s, down {down_s:.0f} s"
        self._target_rps = target_rps
        self._up_s = up_s
        self._down_s = down_s
        self._now = 0
        self._scaled_s = -math.inf

    def target(self, world: World) -> int:
        """At once from zero; otherwise when the last change is long enough ago."""
        wanted = math.ceil(world.arrivals_within(60) / 60 / self._target_rps)
        since = world.now - self._scaled_s
        may = (wanted > self._now and (self._now == 0 or since >= self._up_s)) or (
            wanted < self._now and since >= self._down_s
        )
        if may:
            self._now, self._scaled_s = wanted, world.now
        return 1 if self._now == 0 and world.in_flight else self._now


class Knative(TargetScaler):
    """Knative's KPA: mean concurrency of a minute by the target, and a panic window of 6 s."""

    period_s = 2.0

    def __init__(self, *, target: float = 0.7, window_s: float = 60.0, grace_s: float = 30.0) -> None:
        self.name = f"Knative {target:g}, window {window_s:.0f} s, to zero after {grace_s:.0f} s"
        self._target = target
        self._window_s = window_s
        self._grace_s = grace_s
        self._seen: deque[tuple[float, int]] = deque()
        self._panic_until = -math.inf
        self._panic = 0
        self._busy_s = -math.inf

    def target(self, world: World) -> int:
        """In panic only upwards; the last worker has a grace period."""
        now = world.now
        self._seen.append((now, world.in_flight))
        while self._seen[0][0] <= now - self._window_s:
            self._seen.popleft()
        stable = self._of([number for _, number in self._seen])
        sudden = self._of([number for at, number in self._seen if at > now - 6])
        ready = sum(one.stage is State.READY for one in world.capacity)
        if sudden >= 2 * max(1, ready):
            self._panic_until = now + self._window_s
        self._panic = max(self._panic, sudden, stable) if now < self._panic_until else 0
        wanted = max(stable, self._panic)
        if wanted:
            self._busy_s = now
        return max(wanted, int(now - self._busy_s < self._grace_s))

    def _of(self, seen: list[int]) -> int:
        return math.ceil(sum(seen) / len(seen) / self._target)


class RunPod(TargetScaler):
    """RunPod's queue delay: one more worker while a job waits for over 4 s; a worker idle for 5 s ends."""

    on_events = True

    def __init__(self, *, delay_s: float = 4.0, idle_s: float = 5.0) -> None:
        self.name = f"RunPod delay {delay_s:.0f} s, idle {idle_s:.0f} s"
        self._delay_s = delay_s
        self._idle_s = idle_s

    def target(self, world: World) -> int:
        """Workers on their way count against the jobs that have waited for too long."""
        have = world.capacity
        late = sum(1 for request in world.queue if world.now - request.t_s > self._delay_s) if world.queue else 0
        starting = sum(one.stage is not State.READY for one in have)
        idle = sum(one.is_idle and world.now - one.idle_since > self._idle_s for one in have)
        return len(have) + max(0, late - starting) if late else len(have) - idle

    def rest(self, world: World) -> float:
        """Until a job has waited for too long, or a worker has idled for too long."""
        if world.queue:
            return max(1.0, world.queue[-1].t_s + self._delay_s - world.now)
        return _until_idle(world, self._idle_s)


class PerInput(TargetScaler):
    """Modal's way: one container per so many inputs in flight, and each idles for a while before it ends."""

    on_events = True

    def __init__(self, *, inputs: int = 1, idle_s: float = 60.0, label: str = "Modal-like") -> None:
        self.name = f"{label} {inputs} per worker, idle {idle_s:.0f} s"
        self._inputs = inputs
        self._idle_s = idle_s

    def target(self, world: World) -> int:
        """Up by what is in flight, down by what has idled for too long."""
        have = world.capacity
        wanted = math.ceil(world.in_flight / self._inputs)
        idle = sum(one.is_idle and world.now - one.idle_since > self._idle_s for one in have)
        return max(wanted, len(have) - idle)

    def rest(self, world: World) -> float:
        """Between events only an idle time may run out."""
        return _until_idle(world, self._idle_s)


def _until_idle(world: World, idle_s: float) -> float:
    """Seconds until a worker has idled for too long; at the latest, when a slow start is looked at again."""
    due = (one.idle_since + idle_s - world.now for one in world.machines.values() if one.is_idle)
    return min((seconds + 0.01 for seconds in due if seconds > 0), default=TargetScaler.period_s)


def simple_rule(*, inputs: int = 4, idle_s: float = 600.0) -> PerInput:
    """What a careful bot author writes: ceil(in flight / 4), ten minutes of patience."""
    return PerInput(inputs=inputs, idle_s=idle_s, label="simple rule")
