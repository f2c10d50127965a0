"""The control API: faults, time, what happened to every instance, and misfortunes for single ones."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from sandbox.vast.errors import ApiError, Json, invalid_args
from sandbox.vast.faults import KINDS
from sandbox.vast.instances import Instance
from sandbox.vast.phases import WIRE, Event
from sandbox.vast.routing import refuse
from sandbox.vast.world import WORLD, World, json_body

Control = Callable[[web.Request, World], Awaitable[web.Response]]
LOG_TAIL_LINES = 200


def add_control(app: web.Application) -> None:
    """No key is needed: whoever reaches the port of the sandbox may steer it."""
    one = r"/sandbox/instances/{instance_id:\d+}"
    for method, path, handler in (
        ("GET", "/sandbox/health", health),
        ("GET", "/sandbox/state", state),
        ("GET", "/sandbox/requests", requests),
        ("GET", "/sandbox/faults", faults),
        ("POST", "/sandbox/faults", add_fault),
        ("DELETE", "/sandbox/faults", clear_faults),
        ("GET", "/sandbox/clock", clock),
        ("POST", "/sandbox/clock", advance_clock),
        ("GET", "/sandbox/vast/ledger", ledger),
        ("GET", "/sandbox/instances", instances),
        ("GET", one + "/log", log_tail),
        ("POST", one + "/kill", kill),
        ("POST", one + "/vanish", vanish),
        ("POST", one + "/return", come_back),
        ("POST", one + "/outbid", outbid),
    ):
        app.router.add_route(method, path, _with_world(handler))


async def health(_request: web.Request, world: World) -> web.Response:
    return web.json_response({"ok": True, "now": world.clock.now().isoformat()})


async def state(_request: web.Request, world: World) -> web.Response:
    """Everything that the page shows, in one answer."""
    now = world.clock.now()
    offers = world.market.rows(now, allocated_gb=60.0, bid=False)
    return web.json_response(
        {
            "now": now.isoformat(),
            "balance_usd": world.fleet.balance_usd(now),
            "billed_usd": world.fleet.billed(now).total_usd,
            "offers": sorted(offers, key=lambda row: float(row["dph_total"])),
            "instances": [_history(world, one) for one in reversed(world.fleet.instances.values())],
            "faults": world.faults.active(),
            "fault_kinds": {kind: text for kind, (text, _) in KINDS.items()},
            "requests": list(world.requests)[-30:],
        }
    )


async def requests(_request: web.Request, world: World) -> web.Response:
    return web.json_response({"requests": list(world.requests)})


async def faults(_request: web.Request, world: World) -> web.Response:
    kinds = {kind: {"what": text, "takes": sorted(takes)} for kind, (text, takes) in KINDS.items()}
    return web.json_response({"active": world.faults.active(), "kinds": kinds})


async def add_fault(request: web.Request, world: World) -> web.Response:
    fault = world.faults.add(await json_body(request))
    return web.json_response({"ok": True, "fault": fault.as_json()})


async def clear_faults(request: web.Request, world: World) -> web.Response:
    """All, or with `?kind=` (or `{"kind": ...}`) those of one kind."""
    kind = request.query.get("kind") or (await json_body(request)).get("kind")
    return web.json_response({"ok": True, "cleared": world.faults.clear(kind)})


async def clock(_request: web.Request, world: World) -> web.Response:
    return web.json_response({"now": world.clock.now().isoformat()})


async def advance_clock(request: web.Request, world: World) -> web.Response:
    """`{"advance_s": 3600}`: boots, billing, limits and lags move on; processes live in real time."""
    seconds = (await json_body(request)).get("advance_s")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds < 0:
        raise invalid_args(f"advance_s must be a number of seconds from 0, got {seconds!r}")
    world.clock.advance(float(seconds))
    world.fleet.tick()
    return await clock(request, world)


async def ledger(_request: web.Request, world: World) -> web.Response:
    """To the cent and beyond: what each instance has cost, and when that ended (null: money still runs)."""
    now = world.clock.now()
    rows = [_ledger_row(world, one) for one in world.fleet.instances.values()]
    totals = {
        "total_usd": world.fleet.billed(now).total_usd,
        "balance_usd": world.fleet.balance_usd(now),
        "still_billing": sum(1 for row in rows if row["billing_ended_at"] is None),
    }
    return web.json_response({"now": now.isoformat(), **totals, "instances": rows})


async def instances(_request: web.Request, world: World) -> web.Response:
    return web.json_response({"instances": [_history(world, one) for one in world.fleet.instances.values()]})


async def log_tail(request: web.Request, world: World) -> web.Response:
    lines = world.fleet.log_text(_any(request, world).instance_id).splitlines()
    count = int(request.query.get("tail", LOG_TAIL_LINES))
    return web.Response(text="\n".join(lines[-count:]))


async def kill(request: web.Request, world: World) -> web.Response:
    """SIGKILL to the process and all its children: what a crashed container looks like."""
    instance = _live(request, world)
    if not world.fleet.kill_process(instance.instance_id):
        raise ApiError(409, "no_process", f"Instance {instance.instance_id} has no process.")
    return web.json_response({"ok": True})


async def vanish(request: web.Request, world: World) -> web.Response:
    """The host goes away with all its processes; `{"status": "offline"}` (default) or `unknown`."""
    status = (await json_body(request)).get("status", "offline")
    events = {"offline": Event.HOST_OFFLINE, "unknown": Event.HEARTBEAT_LOST}
    if status not in events:
        raise invalid_args(f"status must be offline or unknown, got {status!r}")
    return _happen(request, world, events[status])


async def come_back(request: web.Request, world: World) -> web.Response:
    return _happen(request, world, Event.HOST_RETURNED)


async def outbid(request: web.Request, world: World) -> web.Response:
    if not _live(request, world).is_bid:
        raise ApiError(409, "not_a_bid", "Only an interruptible instance can be outbid; create it with a price.")
    return _happen(request, world, Event.OUTBID)


def _happen(request: web.Request, world: World, event: Event) -> web.Response:
    instance = _live(request, world)
    if not world.fleet.happen(instance, event):
        raise ApiError(409, "no_effect", f"{event} means nothing to an instance that is {instance.phase}.")
    return web.json_response({"ok": True, "phase": instance.phase})


def _history(world: World, instance: Instance) -> Json:
    now = world.clock.now()
    return {
        **_ledger_row(world, instance),
        "phase": instance.phase,
        "actual_status": None if instance.is_gone else WIRE[instance.phase].actual_status,
        "status_msg": instance.status_msg,
        "offer_id": instance.offer.offer_id,
        "machine_id": instance.offer.machine_id,
        "host_id": instance.offer.stand.host,
        "gpu_name": instance.offer.card.name,
        "geolocation": instance.offer.stand.place,
        "image": instance.order.image,
        "dph_total": instance.dph_total,
        "is_bid": instance.is_bid,
        "pid": instance.pid,
        "alive": world.fleet.pid(instance.instance_id) is not None,
        "exit_code": instance.exit_code,
        "age_s": ((instance.billing_ended_at or now) - instance.created_at).total_seconds(),
        "boot_share": _boot_share(instance, world),
        "history": [{"phase": one.phase, "at": one.start_at.isoformat()} for one in instance.segments],
    }


def _boot_share(instance: Instance, world: World) -> float | None:
    """How far the image pull is, 0..1; None when nothing is being pulled."""
    if instance.phase.value != "loading":
        return None
    waited = (world.clock.now() - instance.since).total_seconds()
    return 0.5 if instance.flaws.stuck_loading else min(1.0, waited / max(instance.pull_s, 0.001))


def _ledger_row(world: World, instance: Instance) -> Json:
    cost = instance.bill(world.clock.now())
    ended_at = instance.billing_ended_at
    return {
        "instance_id": instance.instance_id,
        "label": instance.label,
        "gpu_usd": cost.gpu_usd,
        "storage_usd": cost.storage_usd,
        "bandwidth_usd": cost.bandwidth_usd,
        "total_usd": cost.total_usd,
        "gpu_s": cost.gpu_s,
        "billing_started_at": instance.created_at.isoformat(),
        "billing_ended_at": None if ended_at is None else ended_at.isoformat(),
    }


def _live(request: web.Request, world: World) -> Instance:
    return world.fleet.find(int(request.match_info["instance_id"]))


def _any(request: web.Request, world: World) -> Instance:
    instance_id = int(request.match_info["instance_id"])
    return world.fleet.instances.get(instance_id) or world.fleet.find(instance_id)


def _with_world(handler: Control) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(request: web.Request) -> web.Response:
        world = request.app[WORLD]
        world.fleet.tick()
        try:
            return await handler(request, world)
        except ApiError as refusal:
            return refuse(refusal)

    return answer
