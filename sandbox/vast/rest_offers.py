"""Searching the market and renting from it."""

from aiohttp import web

from sandbox.vast.errors import ApiError, Json, invalid_args
from sandbox.vast.faults import Faults
from sandbox.vast.instances import Flaws, Instance
from sandbox.vast.market import DEFAULT_ALLOCATED_GB, Offer
from sandbox.vast.orders import Order, parse_order
from sandbox.vast.phases import Event
from sandbox.vast.routing import Caller, Route, drop_connection
from sandbox.vast.search import select
from sandbox.vast.world import World, json_body

BID_TYPES = frozenset({"bid", "interruptible"})
TYPES = BID_TYPES | {"ondemand", "on-demand", "reserved"}


async def search(request: web.Request, world: World, _caller: Caller) -> web.Response:
    return web.json_response({"offers": _search(world, await json_body(request))})


async def search_asks(request: web.Request, world: World, _caller: Caller) -> web.Response:
    """The newer form: the query is under `q`."""
    body = await json_body(request)
    return web.json_response({"offers": _search(world, body.get("q") or {})})


async def create(request: web.Request, world: World, _caller: Caller) -> web.StreamResponse:
    offer_id = int(request.match_info["offer_id"])
    created = rent(world, offer_id, await json_body(request))
    if fault := world.faults.take("lost_create_answer", **_about(created.offer)):
        if fault.params.get("mode") == "504":
            return web.Response(status=504, text="504 Gateway Time-out")
        return drop_connection(request)
    return web.json_response(_created(created))


async def create_many(request: web.Request, world: World, _caller: Caller) -> web.Response:
    """The shape of this answer is not documented; each ask has its own result."""
    body = await json_body(request)
    results = [_rent_one_of_many(world, int(offer_id), body) for offer_id in body.get("ids") or []]
    return web.json_response({"success": all(result["success"] for result in results), "results": results})


async def search_and_create(request: web.Request, world: World, _caller: Caller) -> web.Response:
    body = await json_body(request)
    offers = _search(world, body.get("q") or {})
    if not offers:
        raise ApiError(404, "no_such_ask", "No offer satisfies this query.")
    return web.json_response(_created(rent(world, int(offers[0]["id"]), body)))


def rent(world: World, offer_id: int, body: Json) -> Instance:
    """A contract from a create body, or ApiError with `ask_id` (and `new_contract` if one was left behind)."""
    try:
        order = parse_order(body)
        offer = _rentable(world, offer_id, order)
        _check_account(world, offer)
    except ApiError as refusal:
        refusal.extra["ask_id"] = offer_id
        raise
    instance = world.fleet.create(order, offer, draw_flaws(world.faults, offer))
    _check_bid(world, instance)
    if world.faults.take("created_but_error", **_about(offer)):
        raise _broken_contract(world, instance, "internal_error", "Something went wrong after the contract was made.")
    if order.target_state == "stopped":
        world.fleet.happen(instance, Event.STOP)
    return instance


def draw_flaws(faults: Faults, offer: Offer) -> Flaws:
    """The faults that are on now decide what will go wrong with an instance that is created now."""
    about = _about(offer)
    slow = faults.take("slow_boot", **about)
    vanish = faults.take("host_vanishes", **about)
    outbid = faults.take("outbid", **about)
    oci = "OCI runtime create failed: error setting up the GPU: unknown device"
    return Flaws(
        stuck_loading=faults.take("stuck_loading", **about) is not None,
        slow_factor=slow.number("factor", 5.0) if slow else 1.0,
        oci_error=oci if faults.take("oci_error", **about) else None,
        exits_at_start=faults.take("container_exits", **about) is not None,
        no_process=faults.take("process_never_starts", **about) is not None,
        vanish_after_s=vanish.number("after_s", 5.0) if vanish else None,
        outbid_after_s=outbid.number("after_s", 5.0) if outbid else None,
        null_start_date=faults.take("null_start_date", **about) is not None,
        null_extra_env=faults.take("null_extra_env", **about) is not None,
    )


def _search(world: World, query: Json) -> list[Json]:
    wanted = query.get("type") or "ondemand"
    if wanted not in TYPES:
        raise invalid_args(f"type must be one of {', '.join(sorted(TYPES))}, got {wanted!r}")
    gigabytes = float(query.get("allocated_storage") or DEFAULT_ALLOCATED_GB)
    rows = world.market.rows(world.clock.now(), allocated_gb=gigabytes, bid=wanted in BID_TYPES)
    return select(rows, query)


def _rentable(world: World, offer_id: int, order: Order) -> Offer:
    """The offer, or 404; 410 if it is taken and the caller does not want to wait for it."""
    offer = world.market.get(offer_id)
    gone = offer is not None and world.faults.take("offer_gone", **_about(offer)) is not None
    taken = gone or (offer is not None and not world.market.is_free(offer_id))
    if taken and order.cancel_unavail:
        raise ApiError(410, "no_such_ask", f"Ask {offer_id} is no longer available.")
    if offer is None or gone:
        raise ApiError(404, "no_such_ask", f"Instance type by id {offer_id} is not available.")
    return offer


def _check_account(world: World, offer: Offer) -> None:
    if world.faults.take("no_credit", **_about(offer)) or world.fleet.balance_usd(world.clock.now()) <= 0:
        raise ApiError(400, "missing_billing", "Your account lacks credit; see the billing page.")
    if world.faults.take("spend_rate_limit", **_about(offer)):
        raise ApiError(400, "spend_rate_limit", "New accounts are limited in how fast they may spend.")


def _check_bid(world: World, instance: Instance) -> None:
    """As dstack found: a bid that is too low is an error, and leaves a stopped contract that bills storage."""
    if instance.is_bid and instance.gpu_usd_per_hour < instance.offer.min_bid:
        low = f"Bid {instance.gpu_usd_per_hour} is below the least bid {instance.offer.min_bid}."
        raise _broken_contract(world, instance, "bid_too_low", low)


def _broken_contract(world: World, instance: Instance, error: str, msg: str) -> ApiError:
    world.fleet.happen(instance, Event.STOP, msg=msg)
    contract, ask = instance.instance_id, instance.offer.offer_id
    return ApiError(400, error, msg, ask_id=ask, new_contract=contract)


def _rent_one_of_many(world: World, offer_id: int, body: Json) -> Json:
    try:
        return {"ask_id": offer_id, **_created(rent(world, offer_id, body))}
    except ApiError as refusal:
        return refusal.body()


def _created(instance: Instance) -> Json:
    return {"success": True, "new_contract": instance.instance_id, "instance_api_key": instance.key}


def _about(offer: Offer) -> dict[str, int]:
    return {"offer_id": offer.offer_id, "machine_id": offer.machine_id, "host_id": offer.stand.host}


ROUTES = [
    Route("search", "POST", "/api/v0/bundles/", search),
    Route("search", "PUT", "/api/v0/search/asks/", search_asks),
    Route("create", "PUT", r"/api/v0/asks/{offer_id:\d+}/", create),
    Route("create_many", "POST", "/api/v0/asks/bulk/", create_many),
    Route("search_and_create", "PUT", "/api/v0/launch_instance/", search_and_create),
]
