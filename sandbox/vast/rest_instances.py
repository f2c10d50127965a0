"""Listing, showing, starting, stopping, labelling and destroying contracts."""

import base64
import binascii
import json
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from sandbox.vast.errors import ApiError, Json, invalid_args
from sandbox.vast.instances import Instance
from sandbox.vast.orders import check_label, check_price
from sandbox.vast.phases import Event, Phase
from sandbox.vast.routing import Caller, Route
from sandbox.vast.rows import instance_row
from sandbox.vast.search import matches, order_rows
from sandbox.vast.world import World, json_body

PAGE_ROWS = 25
STATES = {"running": Event.START, "stopped": Event.STOP}


async def list_instances(request: web.Request, world: World, _caller: Caller) -> web.Response:
    """One page of rows. `total_instances` counts all, `instances_found` those that pass the filters."""
    rows = _rows(world)
    found = [row for row in rows if matches(row, _json_param(request, "select_filters") or {})]
    found = order_rows(found, _json_param(request, "order_by"))
    start = _page_start(request.query.get("after_token"))
    end = start + min(PAGE_ROWS, int(_json_param(request, "limit") or PAGE_ROWS))
    page = {
        "success": True,
        "instances": [_columns(row, _json_param(request, "select_cols")) for row in found[start:end]],
        "instances_found": len(found),
        "total_instances": len(rows),
        "label_counts": dict(Counter(str(row["label"] or "") for row in rows)),
        "next_token": _token(end) if end < len(found) else None,
    }
    return web.json_response(_lies(world, page))


async def list_deprecated(_request: web.Request, _world: World, _caller: Caller) -> web.Response:
    """The v0 listing was retired: status 200, and no list."""
    return web.json_response(
        {"success": False, "error": "deprecated_endpoint", "msg": "Use /api/v1/instances/ instead."}
    )


async def filters(_request: web.Request, world: World, _caller: Caller) -> web.Response:
    rows = _rows(world)
    columns = ("label", "gpu_name", "actual_status", "geolocation")
    values = [{"col": name, "values": sorted({str(row[name]) for row in rows})} for name in columns]
    return web.json_response({"success": True, "filters": values})


async def fetch_contracts(request: web.Request, world: World, _caller: Caller) -> web.Response:
    body = await json_body(request)
    ids, label = body.get("contract_ids"), body.get("label")
    rows = [row for row in _rows(world) if label is None or row["label"] == label]
    return web.json_response({"contracts": [row for row in rows if ids is None or row["id"] in ids]})


async def show(request: web.Request, world: World, _caller: Caller) -> web.Response:
    """`{"instances": row}`, and null for one that is gone."""
    instance = world.fleet.instances.get(_id(request))
    gone = instance is None or instance.is_gone
    row = None if instance is None or gone else instance_row(instance, world.clock.now())
    return web.json_response({"instances": row})


async def update(request: web.Request, world: World, caller: Caller) -> web.Response:
    """`{"state": "running"|"stopped"}` and/or `{"label": text}`."""
    instance, body = world.fleet.find(_id(request)), await json_body(request)
    if not {"state", "label"} & set(body):
        raise invalid_args("send state or label")
    if "label" in body:
        if caller.instance_id is not None:
            raise ApiError(403, "no_permission", "This key may not change labels.")
        instance.label = check_label(body["label"])
    if "state" in body:
        _set_state(world, instance, body["state"])
    return web.json_response({"success": True})


async def update_many(request: web.Request, world: World, _caller: Caller) -> web.Response:
    body = await json_body(request)
    instances = [world.fleet.find(int(one)) for one in body.get("ids") or []]
    for instance in instances:
        _set_state(world, instance, body.get("state"))
    return web.json_response({"success": True})


async def destroy(request: web.Request, world: World, _caller: Caller) -> web.Response:
    _destroy(world, _id(request))
    return web.json_response({"success": True})


async def destroy_many(request: web.Request, world: World, _caller: Caller) -> web.Response:
    for instance_id in (await json_body(request)).get("instance_ids") or []:
        _destroy(world, int(instance_id))
    return web.json_response({"success": True})


async def change_bid(request: web.Request, world: World, _caller: Caller) -> web.Response:
    instance, body = world.fleet.find(_id(request)), await json_body(request)
    if not instance.is_bid:
        raise invalid_args("this is not an interruptible instance, it has no bid")
    price = body.get("price")
    least = world.market.offers[instance.offer.offer_id].min_bid
    instance.reprice(least if price is None else check_price(price), world.clock.now())
    return web.json_response({"success": True})


async def reboot(request: web.Request, world: World, _caller: Caller) -> web.Response:
    world.fleet.happen(world.fleet.find(_id(request)), Event.REBOOT)
    return web.json_response({"success": True})


async def recycle(request: web.Request, world: World, _caller: Caller) -> web.Response:
    world.fleet.happen(world.fleet.find(_id(request)), Event.RECYCLE)
    return web.json_response({"success": True})


def _set_state(world: World, instance: Instance, state: Any) -> None:
    """A wish that makes no sense in the present phase is accepted and does nothing, as at Vast."""
    if state not in STATES:
        raise invalid_args(f"state must be running or stopped, got {state!r}")
    if state == "running" and instance.phase is Phase.STOPPED:
        instance.resume_stuck = world.faults.take("unpark_stuck", instance_id=instance.instance_id) is not None
    world.fleet.happen(instance, STATES[state])


def _destroy(world: World, instance_id: int) -> None:
    instance = world.fleet.find(instance_id)
    if world.faults.take("destroy_lies", instance_id=instance_id) is None:
        world.fleet.happen(instance, Event.DESTROY)


def _rows(world: World) -> list[Json]:
    """Rows as of now; with the fault `list_lag`, as they were some seconds ago."""
    now = world.clock.now()
    lag = world.faults.take("list_lag")
    moment = now - timedelta(seconds=lag.number("lag_s", 10.0)) if lag else now
    shown = ((one, _phase_shown(one, moment)) for one in world.fleet.instances.values())
    return [instance_row(one, now, phase=phase) for one, phase in shown if phase is not None]


def _phase_shown(instance: Instance, moment: datetime) -> Phase | None:
    phase = instance.phase_at(moment)
    return None if phase is Phase.DESTROYED else phase


def _lies(world: World, page: Json) -> Json:
    take = world.faults.take
    if take("list_success_false"):
        return {"success": False, "error": "internal_error", "msg": "listing is unavailable"}
    if take("list_empty"):
        return {**page, "instances": [], "instances_found": 0, "total_instances": 0, "next_token": None}
    if take("list_missing_key"):
        return {name: value for name, value in page.items() if name != "instances"}
    if page["instances"] and take("list_count_mismatch"):
        return {**page, "instances": page["instances"][:-1]}
    return page


def _columns(row: Json, names: Any) -> Json:
    if not names or "*" in names:
        return row
    return {name: row.get(name) for name in ["id", *names]}


def _json_param(request: web.Request, name: str) -> Any:
    text = request.query.get(name)
    if text is None:
        return None
    try:
        return json.loads(text)
    except ValueError:
        raise invalid_args(f"{name} must be JSON, got {text[:80]!r}") from None


def _token(start: int) -> str:
    return base64.urlsafe_b64encode(f"row:{start}".encode()).decode()


def _page_start(token: str | None) -> int:
    if not token:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token).decode().removeprefix("row:"))
    except (ValueError, binascii.Error):
        raise invalid_args("after_token is not one of ours") from None


def _id(request: web.Request) -> int:
    return int(request.match_info["instance_id"])


_ONE = r"/api/v0/instances/{instance_id:\d+}/"
ROUTES = [
    Route("list", "GET", "/api/v1/instances/", list_instances),
    Route("list_deprecated", "GET", "/api/v0/instances/", list_deprecated),
    Route("filters", "GET", "/api/v0/instances/filters/", filters),
    Route("contracts", "POST", "/api/v0/contracts/fetch/", fetch_contracts),
    Route("show", "GET", _ONE, show),
    Route("state", "PUT", _ONE, update),
    Route("state_many", "PUT", "/api/v0/instances/", update_many),
    Route("destroy", "DELETE", _ONE, destroy),
    Route("destroy_many", "DELETE", "/api/v0/instances/", destroy_many),
    Route("bid", "PUT", r"/api/v0/instances/bid_price/{instance_id:\d+}/", change_bid),
    Route("reboot", "PUT", r"/api/v0/instances/reboot/{instance_id:\d+}/", reboot),
    Route("recycle", "PUT", r"/api/v0/instances/recycle/{instance_id:\d+}/", recycle),
]
