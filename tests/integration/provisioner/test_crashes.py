"""The provisioner dies at any line that touches ledger, Redis or Vast; its successor finishes what it began."""

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from config.loading import load_registry
from config.registry import Profile
from provisioner.composition import build_loop
from provisioner.lifecycle import State
from provisioner.loop import Loop
from provisioner.providers.base import CreateResult, DestroyResult, LaunchSpec, Offer, OfferList
from provisioner.providers.vast import VastProvider
from tasks.ledger import Instance, Intent
from tasks.ledger.instances import InstanceLedger
from tests.integration.provisioner.stage import Stage

TOUCHES = (
    "intend",
    "create",
    "move to allocating",
    "move to pulling",
    "move to ready",
    "move to draining",
    "move to destroying",
    "destroy",
    "move to destroyed",
)


class Killed(BaseException):
    """kill -9, as far as anybody outside of the process can tell."""


class Fate:
    """Counts the touches and kills before or after the one that was chosen; -1 kills at none."""

    def __init__(self, touch: int, *, after: bool) -> None:
        self.touches: list[str] = []
        self._chosen = touch
        self._after = after

    def touch(self, name: str, work: Callable[[], Any]) -> Any:
        number = len(self.touches)
        self.touches.append(name)
        if number == self._chosen and not self._after:
            raise Killed
        result = work()
        if number == self._chosen:
            raise Killed
        return result


class MortalVast(VastProvider):
    """The real adapter in a process that may die around each change."""

    def __init__(self, stage: Stage, fate: Fate) -> None:
        super().__init__(api_key="sandbox-key", url=stage.vast.url)
        self._fate = fate

    def create(self, offer: Offer, spec: LaunchSpec) -> CreateResult:
        answer: CreateResult = self._fate.touch("create", lambda: VastProvider.create(self, offer, spec))
        return answer

    def destroy(self, provider_instance_id: str) -> DestroyResult:
        answer: DestroyResult = self._fate.touch("destroy", lambda: VastProvider.destroy(self, provider_instance_id))
        return answer


class MortalInstances(InstanceLedger):
    """The real rows in a process that may die around each change."""

    def __init__(self, stage: Stage, fate: Fate) -> None:
        super().__init__(stage.ledger.engine)
        self.fate = fate

    def intend(self, intent: Intent, *, role: str, leader_epoch: int, now: datetime) -> Instance:
        work = lambda: InstanceLedger.intend(self, intent, role=role, leader_epoch=leader_epoch, now=now)  # noqa: E731
        row: Instance = self.fate.touch("intend", work)
        return row

    def move(self, instance_id: str, target: str, *, sources: Collection[str], **values: object) -> Instance | None:
        work = lambda: InstanceLedger.move(self, instance_id, target, sources=sources, **values)  # noqa: E731
        row: Instance | None = self.fate.touch(f"move to {target}", work)
        return row


def mortal(stage: Stage, fate: Fate) -> Loop:
    ledger = replace(stage.ledger, instances=MortalInstances(stage, fate))
    return build_loop(
        stage.settings,
        load_registry(stage.config_dir),
        ledger=ledger,
        redis=stage.redis,
        provider=MortalVast(stage, fate),
        now=stage.clock,
        holder="mortal",
    )


def life(stage: Stage, loop: Loop) -> None:
    """One machine from the first job to the end of its bill."""
    if not stage.every_row():
        stage.order()
    if not any(row.ready_at for row in stage.every_row()):
        stage.ready(loop)
    stage.cancel_all()
    stage.gone(loop)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("touch", range(len(TOUCHES)), ids=TOUCHES)
def test_a_crash_at_any_line_leaves_nothing_behind(stage: Stage, touch: int, after: bool) -> None:
    """One order is never two bills, and the last bill ends, wherever the process died."""
    fate = Fate(touch, after=after)
    with pytest.raises(Killed):
        life(stage, mortal(stage, fate))
    assert tuple(fate.touches) == TOUCHES[: touch + 1]
    successor = stage.provisioner("successor")
    stage.run(successor, seconds=20)  # until the lead of the dead one has run out
    life(stage, successor)
    successor.tick()
    assert len(stage.vast.instances()) == 1
    assert stage.users() == []


def test_an_order_that_was_not_written_down_is_adopted(stage: Stage) -> None:
    """Killed between the provider's yes and the ledger: the label says whose it is, and it draws."""
    with pytest.raises(Killed):
        life(stage, mortal(stage, Fate(1, after=True)))
    assert stage.states() == [State.INTENDED]
    (row,) = stage.ready(stage.provisioner("successor"))
    (machine,) = stage.vast.instances()
    assert row.provider_instance_id == str(machine["instance_id"])
    assert row.label == machine["label"]


def test_one_leads(stage: Stage) -> None:
    """Two provisioners: one rents; the other takes over once the first is gone for fifteen seconds."""
    first, second = stage.provisioner("first"), stage.provisioner("second")
    (job,) = stage.order()
    stage.claim(job, "somebody")
    for _ in range(10):
        stage.beat()
        first.tick()
        second.tick()
        stage.clock.advance(2)
    assert len(stage.vast.requests("create")) == 1
    leader = stage.ledger.leadership.current("fleet")
    assert leader is not None
    assert leader.holder == "first"
    stage.cancel_all()
    stage.clock.advance(16)
    stage.gone(second)
    assert len(stage.vast.instances()) == 1


def test_a_leader_that_slept_rents_nothing(stage: Stage) -> None:
    """Deposed between its decision and its order, by a pause of the machine, say: the fence is in the ledger."""

    class SleepyVast(VastProvider):
        """Its search for offers takes so long that somebody else leads meanwhile."""

        def offers(self, profile: Profile) -> OfferList:
            stage.clock.advance(60)
            second.tick()
            return super().offers(profile)

    second = stage.provisioner("second")
    first = stage.provisioner("first", provider=SleepyVast(api_key="sandbox-key", url=stage.vast.url))
    stage.order()
    first.tick()
    assert {row.leader_epoch for row in stage.every_row()} <= {2}
    assert len(stage.vast.requests("create")) <= 1
