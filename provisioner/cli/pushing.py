"""`push`: new code and registry files to the workers that run, without renting anew."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from redis import Redis
from redis.exceptions import RedisError
from rich.console import Console

from provisioner import bundle
from provisioner.broker import read_heartbeats
from provisioner.cli.desk import Desk, Json, Yes, agreed, fail, open_desk, print_json
from provisioner.lifecycle import State
from tasks import releases
from tasks.connections import connect
from tasks.ledger import Instance
from tasks.schema import Heartbeat, WorkerState

# A worker finishes its jobs, starts again and loads what its profile warms; it is paid for meanwhile.
RESTART_S = 90.0
_LOOK_EVERY_S = 1.0


@dataclass(frozen=True)
class Parcel:
    """What is sent to whom."""

    content: bytes
    name: str
    rows: Sequence[Instance]
    sentence: str
    expected_usd: float

    def data(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "release": self.name,
            "bytes": len(self.content),
            "workers": [row.id for row in self.rows],
            "sentence": self.sentence,
            "expected_usd": self.expected_usd,
        }


def push(
    ctx: typer.Context,
    machine: Annotated[str, typer.Argument(help="One instance's id; default: all that are ready.")] = "",
    *,
    wait_s: Annotated[float, typer.Option("--wait", min=0, help="Seconds to wait until they run it.")] = 300.0,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Have running workers finish their jobs and start again with this checkout's code and registry."""
    desk = open_desk(ctx)
    parcel = _parcel(desk, _ready(desk, machine))
    if not as_json:
        typer.echo(parcel.sentence)
    if not agreed("Do it?", yes=yes, as_json=as_json):
        if as_json:
            print_json(parcel.data() | {"ordered": False})
        return
    redis = connect(desk.settings.redis_url)
    try:
        for row in parcel.rows:
            releases.offer(redis, row.id, parcel.content)
        running = _wait(redis, parcel, wait_s=wait_s)
    except RedisError as error:
        fail(f"Redis does not answer, so nobody can be reached: {error}")
    _tell(parcel, running, as_json=as_json)


def _ready(desk: Desk, machine: str) -> list[Instance]:
    ledger = desk.ledger()
    live = ledger.instances.live()
    ledger.close()
    rows = [row for row in live if row.state == State.READY]
    if machine:
        rows = [row for row in rows if machine in {row.id, row.provider_instance_id}]
    if not rows:
        who = f"{machine} is not a worker that is ready" if machine else "no rented worker is ready"
        fail(f"{who}; new machines start with their image, so publish one for those (docs/docker.md)")
    return rows


def _parcel(desk: Desk, rows: list[Instance]) -> Parcel:
    try:
        packed = bundle.build(desk.settings.config_dir, profile=desk.registry.fleet.profile)
    except ValueError as error:
        fail(str(error))
    usd = sum(row.usd_per_hour for row in rows) * RESTART_S / 3600
    name = releases.name_of(packed.content)
    sentence = (
        f"Sends release {name} ({packed.code_files} files of code, {packed.registry_files} of the registry, "
        f"{len(packed.content) / 1024:.0f} kB) to {len(rows)} of the rented workers. Each finishes its jobs and starts "
        f"again in about {RESTART_S:.0f} s, which cost ${usd:.4f}; nothing is rented. Machines that are rented later "
        "start with their image."
    )
    return Parcel(packed.content, name, rows, sentence, usd)


def _wait(redis: Redis, parcel: Parcel, *, wait_s: float) -> set[str]:
    """The workers that run it by then."""
    wanted, deadline = {row.id for row in parcel.rows}, time.monotonic() + wait_s
    while True:
        beats = read_heartbeats(redis)
        running = {one for one in wanted if one in beats and _runs(beats[one], parcel.name)}
        if running == wanted or time.monotonic() >= deadline:
            return running
        time.sleep(_LOOK_EVERY_S)


def _runs(heartbeat: Heartbeat, name: str) -> bool:
    return heartbeat.release == name and heartbeat.state in (WorkerState.IDLE, WorkerState.BUSY)


def _tell(parcel: Parcel, running: set[str], *, as_json: bool) -> None:
    late = [row.id for row in parcel.rows if row.id not in running]
    if as_json:
        print_json(parcel.data() | {"ordered": True, "running": sorted(running), "late": late})
    else:
        Console().print(f"{len(running)} run {parcel.name}.", highlight=False)
        for name in late:
            typer.echo(f"{name} does not run it yet; `python -m provisioner logs {name}` may say why", err=True)
    if late:
        raise typer.Exit(1)
