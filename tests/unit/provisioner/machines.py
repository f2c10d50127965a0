"""Rows, machines, offers and observations for tests of the pure parts."""

from datetime import UTC, datetime, timedelta
from typing import Any

from config.registry import Fleet, GpuRequirements, Profile
from provisioner.budget import Spending
from provisioner.lifecycle import State
from provisioner.observation import Demand, Machine, Observation
from provisioner.policy import Rules
from provisioner.providers.base import Listed, Offer, Status
from tasks.ledger import Instance
from tasks.schema import Heartbeat, WorkerState

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
FLEET = Fleet(deployment="test", profile="p", tolerated_wait_s=40, max_instances=3)
PROFILE = Profile(id="p", image="image", gpu=GpuRequirements(names=("RTX 4090",), min_vram_gb=23), idle_s=300)
RULES = Rules(fleet=FLEET, profile=PROFILE)


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def row(state: State = State.READY, **changes: Any) -> Instance:
    values: dict[str, Any] = {
        "id": "i1",
        "label": "easel/test/i1",
        "state": state.value,
        "provider": "memory",
        "profile": "p",
        "leader_epoch": 1,
        "provider_instance_id": None if state in (State.INTENDED, State.AMBIGUOUS) else "77",
        "offer_json": {},
        "gpu": "RTX 4090",
        "machine_id": "m1",
        "usd_per_hour": 0.4,
        "storage_usd_per_hour": 0.04,
        "reason": "",
        "intended_at": ago(600),
        "created_at": None if state in (State.INTENDED, State.AMBIGUOUS) else ago(599),
        "running_at": None,
        "ready_at": ago(500) if state in (State.READY, State.DRAINING) else None,
        "destroying_at": ago(10) if state is State.DESTROYING else None,
        "destroyed_at": None,
        "bandwidth_usd": 0.0,
    }
    return Instance(**(values | changes))


def heartbeat(state: WorkerState = WorkerState.IDLE) -> Heartbeat:
    return Heartbeat(worker_id="i1", state=state, since=ago(5), at=ago(1))


def listed(status: Status = Status.RUNNING, **changes: Any) -> Listed:
    values: dict[str, Any] = {"provider_instance_id": "77", "label": "easel/test/i1", "status": status}
    return Listed(**(values | changes))


def machine(state: State = State.READY, *, row_changes: dict[str, Any] | None = None, **changes: Any) -> Machine:
    values: dict[str, Any] = {"row": row(state, **(row_changes or {})), "listed": listed()}
    return Machine(**(values | changes))


def offer(**changes: Any) -> Offer:
    values: dict[str, Any] = {
        "id": "o1",
        "machine_id": "m9",
        "gpu": "RTX 4090",
        "usd_per_hour": 0.4,
        "storage_usd_per_hour": 0.01,
        "vram_gb": 23.99,
        "compute_capability": 8.9,
        "cuda": 12.8,
        "reliability": 0.99,
        "download_mbps": 800.0,
        "country": "NO",
    }
    return Offer(**(values | changes))


def spending(**changes: Any) -> Spending:
    values: dict[str, Any] = {"instances": 0, "usd_per_hour": 0.0, "usd_today": 0.0, "creates_last_10_min": 0}
    return Spending(**(values | changes))


def observation(*machines: Machine, jobs: int = 0, seconds: float = 0.0, **changes: Any) -> Observation:
    values: dict[str, Any] = {
        "now": NOW,
        "demand": Demand(jobs=jobs, seconds=seconds),
        "spending": spending(instances=len(machines)),
        "machines": machines,
        "listing_age_s": 0.0,
    }
    return Observation(**(values | changes))
