"""All contracts of the account: lets time pass over them, and starts and ends their processes."""

import asyncio
import secrets
from collections.abc import Coroutine
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog

from sandbox.vast.billing import Bill, burn_usd_per_s
from sandbox.vast.clock import SandboxClock
from sandbox.vast.container import ContainerRefusedError, ImageStandIn, build_launch
from sandbox.vast.errors import no_such_instance
from sandbox.vast.instances import Flaws, Instance, timing_for
from sandbox.vast.market import Market, Offer
from sandbox.vast.options import VastOptions
from sandbox.vast.orders import Order
from sandbox.vast.phases import HAS_PROCESS, Event, Phase
from sandbox.vast.processes import ProcessTable

log = structlog.get_logger()

FIRST_INSTANCE_ID = 27_000_001
OUTBID_BY = 1.1  # whoever outbids us offers this much more


class Fleet:
    """Every instance there ever was, by id; destroyed ones stay for the ledger."""

    def __init__(self, options: VastOptions, clock: SandboxClock, market: Market) -> None:
        self.options = options
        self.clock = clock
        self.market = market
        self.instances: dict[int, Instance] = {}
        self._folder = options.data_dir / "instances"
        self._image = ImageStandIn(options.python, options.workdir, options.baked_variables)
        self._processes = ProcessTable(options.data_dir, self._process_ended, grace_s=options.grace_s)
        self._tasks: set[asyncio.Task[None]] = set()
        self._locks: dict[int, asyncio.Lock] = {}

    # --- looking

    def live(self) -> list[Instance]:
        return [instance for instance in self.instances.values() if not instance.is_gone]

    def find(self, instance_id: int) -> Instance:
        """A contract that still exists, or ApiError 404."""
        instance = self.instances.get(instance_id)
        if instance is None or instance.is_gone:
            raise no_such_instance(instance_id)
        return instance

    def by_key(self, key: str) -> Instance | None:
        return next((one for one in self.live() if secrets.compare_digest(one.key, key)), None)

    def billed(self, until: datetime) -> Bill:
        return sum((instance.bill(until) for instance in self.instances.values()), Bill())

    def balance_usd(self, now: datetime) -> float:
        return self.options.credit_usd - self.billed(now).total_usd

    def log_text(self, instance_id: int) -> str:
        path = self._folder / str(instance_id) / "container.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def home(self, instance_id: int) -> Path:
        return self._folder / str(instance_id) / "home"

    def pid(self, instance_id: int) -> int | None:
        """The live process of an instance, None once it has ended."""
        return self._processes.pid(instance_id)

    # --- doing

    def create(self, order: Order, offer: Offer, flaws: Flaws) -> Instance:
        """A new contract on an offer. It waits for the GPU if somebody holds it ("scheduling")."""
        timing = timing_for(offer.stand.inet_down, image_gb=self.options.image_gb, boot_s=self.options.boot_s)
        instance = Instance(
            instance_id=FIRST_INSTANCE_ID + len(self.instances),
            key=secrets.token_hex(32),
            offer=offer,
            order=order,
            timing=timing,
            image_gb=self.options.image_gb,
            created_at=self.clock.now(),
            label=order.label,
            flaws=flaws,
            gpu_usd_per_hour=offer.dph_base if order.price is None else order.price,
        )
        self.instances[instance.instance_id] = instance
        self.market.hold(offer.offer_id, instance.instance_id)
        log.info("instance created", instance_id=instance.instance_id, label=order.label, gpu=offer.card.name)
        return instance

    def happen(self, instance: Instance, event: Event, *, at: datetime | None = None, msg: str | None = None) -> bool:
        """Let an event happen and do what follows from it; False where it changes nothing in this phase."""
        before = instance.phase
        if not instance.apply(event, at or self.clock.now(), msg):
            return False
        log.info("instance changed", instance_id=instance.instance_id, before=before, now=instance.phase)
        if event is Event.OUTBID:
            self.market.raise_min_bid(instance.offer.offer_id, round(instance.gpu_usd_per_hour * OUTBID_BY, 4))
        if not instance.holds_gpu:
            self.market.release(instance.offer.offer_id, instance.instance_id)
        self._follow_up(instance, before)
        return True

    def tick(self) -> None:
        """Let everything happen that is due by now."""
        now = self.clock.now()
        for instance in self.live():
            self._advance(instance, now)
        self._check_credit(now)

    def kill_process(self, instance_id: int) -> bool:
        return self._processes.kill(instance_id)

    async def close(self) -> None:
        """End every process, SIGTERM first."""
        await self._processes.end_all()
        if self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._processes.end_all()

    # --- time

    def _advance(self, instance: Instance, now: datetime) -> None:
        while (step := instance.due()) is not None and step[1] <= now:
            event, at = step
            if event in (Event.HOST_ACCEPTED, Event.GPU_GRANTED):
                if not self._gets_gpu(instance):
                    instance.waiting_for_gpu = True
                    return
                at = now if instance.waiting_for_gpu else at
                instance.waiting_for_gpu = False
            event, msg = self._outcome(instance, event)
            self.happen(instance, event, at=at, msg=msg)

    def _gets_gpu(self, instance: Instance) -> bool:
        offer = self.market.offers[instance.offer.offer_id]
        if instance.is_bid and instance.gpu_usd_per_hour < offer.min_bid:
            return False
        return self.market.hold(offer.offer_id, instance.instance_id)

    def _outcome(self, instance: Instance, event: Event) -> tuple[Event, str | None]:
        """A container that is due to start may turn out not to."""
        if event is not Event.CONTAINER_STARTED:
            return event, _message(instance, event)
        if instance.flaws.exits_at_start:
            instance.exit_code = 1
            return Event.PROCESS_ENDED, "error: container exited with code 1"
        if instance.flaws.oci_error is not None:
            return Event.CONTAINER_REFUSED, f"Error response from daemon: {instance.flaws.oci_error}"
        try:
            build_launch(instance, self._image, self._folder / str(instance.instance_id))
        except ContainerRefusedError as refusal:
            return Event.CONTAINER_REFUSED, f"Error response from daemon: {refusal}"
        return event, _message(instance, event)

    def _check_credit(self, now: datetime) -> None:
        """Balance 0 stops everything, in the moment at which it got there."""
        balance = self.balance_usd(now)
        if balance > 0:
            return
        burn = sum(burn_usd_per_s(one.segments[-1]) for one in self.live())
        at = now - timedelta(seconds=-balance / burn) if burn > 0 else now
        for instance in self.live():
            self.happen(instance, Event.CREDIT_ENDED, at=at, msg="stopped: the account has no credit left")

    # --- processes

    def _follow_up(self, instance: Instance, before: Phase) -> None:
        """What a change of phase means for the local process."""
        instance_id = instance.instance_id
        if instance.phase is Phase.RUNNING:
            self._spawn(self._start(instance))
        elif instance.phase in (Phase.UNKNOWN, Phase.OFFLINE):
            self._processes.kill(instance_id, asked=True)
        elif instance.phase is Phase.STOPPING and self._processes.pid(instance_id) is None:
            self.happen(instance, Event.PROCESS_ENDED)
        elif instance.phase is not Phase.EXITED and before in HAS_PROCESS:
            self._spawn(self._end(instance_id))

    async def _start(self, instance: Instance) -> None:
        async with self._lock(instance.instance_id):
            if instance.phase is not Phase.RUNNING or instance.flaws.no_process:
                return
            folder = self._folder / str(instance.instance_id)
            launch = build_launch(instance, self._image, folder)
            if launch is not None and self._processes.pid(instance.instance_id) is None:
                folder.mkdir(parents=True, exist_ok=True)
                instance.exit_code = None
                instance.pid = await self._processes.start(instance.instance_id, launch)

    async def _end(self, instance_id: int) -> None:
        async with self._lock(instance_id):
            await self._processes.end(instance_id, after_s=self.options.host_lag_s)

    def _process_ended(self, instance_id: int, exit_code: int, asked: bool) -> None:
        instance = self.instances[instance_id]
        instance.exit_code = exit_code
        outlives = "args" not in instance.order.runtype
        if instance.phase is Phase.STOPPING or not (asked or outlives):
            self.happen(instance, Event.PROCESS_ENDED, msg=f"container exited with code {exit_code}")

    def _lock(self, instance_id: int) -> asyncio.Lock:
        return self._locks.setdefault(instance_id, asyncio.Lock())

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _message(instance: Instance, event: Event) -> str | None:
    image = instance.order.image
    messages = {
        Event.PULL_STARTED: f"{image}: Pulling from registry",
        Event.GPU_GRANTED: "starting again from the image on this machine",
        Event.CONTAINER_STARTED: f"success, running {image}",
        Event.OUTBID: "outbid: the instance is stopped until its bid is the highest again",
        Event.HOST_OFFLINE: "the host is offline",
    }
    return messages.get(event)
