"""The account: credit, charges, invoices and SSH keys."""

import json
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from sandbox.vast.billing import Bill, bill
from sandbox.vast.errors import ApiError, Json, invalid_args
from sandbox.vast.instances import Instance
from sandbox.vast.routing import Caller, Route
from sandbox.vast.world import World, json_body

USER_ID = 41_001
DEFAULT_PAGE = 20
MAX_PAGE = 100


async def show_user(_request: web.Request, world: World, _caller: Caller) -> web.Response:
    """`balance` is documented, `credit` is what clients in the wild read: here both say what is left."""
    left = world.fleet.balance_usd(world.clock.now())
    return web.json_response(
        {
            "id": USER_ID,
            "username": "sandbox",
            "email": "sandbox@vast.example",
            "balance": left,
            "credit": left,
            "balance_threshold": 0.0,
            "ssh_key": world.ssh_keys[-1]["key"] if world.ssh_keys else None,
            "sid": "sandbox",
        }
    )


async def charges(request: web.Request, world: World, _caller: Caller) -> web.Response:
    """One row per instance with what it cost between `day.gte` and `day.lte` (epoch seconds)."""
    now = world.clock.now()
    wanted = _param(request, "select_filters") or {}
    start, end = _window(wanted.get("day") or {}, now)
    kinds = (wanted.get("type") or {}).get("in")
    rows = [_charge(one, start, end) for one in world.fleet.instances.values() if one.created_at <= end]
    rows = [row for row in rows if kinds is None or row["type"] in kinds]
    return web.json_response(_page(request, rows))


async def invoices(request: web.Request, world: World, _caller: Caller) -> web.Response:
    """The credit that the sandbox account began with, as one payment."""
    paid = {
        "type": "invoice",
        "source": "stripe_payments",
        "amount": world.options.credit_usd,
        "description": "Sandbox credit",
        "items": [],
    }
    return web.json_response(_page(request, [paid]))


async def old_invoices(_request: web.Request, world: World, _caller: Caller) -> web.Response:
    billed = world.fleet.billed(world.clock.now()).total_usd
    return web.json_response({"invoices": [], "current": {"charges": billed, "total": billed}})


async def list_keys(_request: web.Request, world: World, _caller: Caller) -> web.Response:
    return web.json_response(world.ssh_keys)


async def add_key(request: web.Request, world: World, _caller: Caller) -> web.Response:
    key = _key_text(await json_body(request))
    row = {
        "id": 1 + max((one["id"] for one in world.ssh_keys), default=700),
        "user_id": USER_ID,
        "key": key,
        "created_at": world.clock.now().isoformat(),
        "deleted_at": None,
    }
    world.ssh_keys.append(row)
    return web.json_response({"success": True, "key": row})


async def change_key(request: web.Request, world: World, _caller: Caller) -> web.Response:
    row = _find_key(request, world)
    row["key"] = _key_text(await json_body(request))
    return web.json_response({"success": True, "key": row})


async def delete_key(request: web.Request, world: World, _caller: Caller) -> web.Response:
    world.ssh_keys.remove(_find_key(request, world))
    return web.json_response({"success": True})


async def attach_key(request: web.Request, world: World, _caller: Caller) -> web.Response:
    """Accepted and checked; there is no SSH server in the sandbox."""
    world.fleet.find(int(request.match_info["instance_id"]))
    _key_text(await json_body(request))
    return web.json_response({"success": True, "msg": "SSH key added to instance."})


async def detach_key(request: web.Request, world: World, _caller: Caller) -> web.Response:
    world.fleet.find(int(request.match_info["instance_id"]))
    return web.json_response({"success": True, "msg": "SSH key removed from instance."})


def _charge(instance: Instance, start: datetime, end: datetime) -> Json:
    cost = bill(instance.segments, end) - bill(instance.segments, start)
    return {
        "type": "instance",
        "source": f"instance-{instance.instance_id}",
        "amount": round(cost.total_usd, 6),
        "description": f"{instance.offer.card.name} on machine {instance.offer.machine_id}",
        "start": instance.created_at.timestamp(),
        "end": (instance.billing_ended_at or end).timestamp(),
        "metadata": {"label": instance.label, "machine_id": instance.offer.machine_id},
        "items": _items(cost),
    }


def _items(cost: Bill) -> list[Json]:
    amounts = {"gpu": cost.gpu_usd, "storage": cost.storage_usd, "bandwidth": cost.bandwidth_usd}
    return [{"type": kind, "amount": round(amount, 6)} for kind, amount in amounts.items()]


def _window(day: Json, now: datetime) -> tuple[datetime, datetime]:
    start = datetime.fromtimestamp(float(day.get("gte", 0)), UTC)
    end = datetime.fromtimestamp(float(day.get("lte", now.timestamp())), UTC)
    return start, min(end, now)


def _page(request: web.Request, rows: list[Json]) -> Json:
    start = int(request.query.get("after_token") or 0)
    end = start + min(MAX_PAGE, int(_param(request, "limit") or DEFAULT_PAGE))
    following = str(end) if end < len(rows) else None
    page = rows[start:end]
    return {"results": page, "count": len(page), "total": len(rows), "next_token": following}


def _param(request: web.Request, name: str) -> Any:
    try:
        return json.loads(request.query.get(name, "null"))
    except ValueError:
        raise invalid_args(f"{name} must be JSON") from None


def _key_text(body: Json) -> str:
    key = str(body.get("ssh_key") or "")
    if not key.startswith(("ssh-", "ecdsa-", "sk-")):
        raise invalid_args("ssh_key must be an OpenSSH public key")
    return key


def _find_key(request: web.Request, world: World) -> Json:
    wanted = int(request.match_info["key_id"])
    for row in world.ssh_keys:
        if row["id"] == wanted:
            return row
    raise ApiError(404, "no_such_key", f"SSH key {wanted} not found.")


_KEY = r"/api/v0/ssh/{key_id:\d+}/"
_KEYS_OF_ONE = r"/api/v0/instances/{instance_id:\d+}/ssh/"
ROUTES = [
    Route("user", "GET", "/api/v0/users/current", show_user),
    Route("charges", "GET", "/api/v0/charges/", charges),
    Route("invoices", "GET", "/api/v1/invoices/", invoices),
    Route("old_invoices", "GET", "/api/v0/users/me/invoices", old_invoices),
    Route("ssh", "GET", "/api/v0/ssh/", list_keys),
    Route("ssh", "POST", "/api/v0/ssh/", add_key),
    Route("ssh", "PUT", _KEY, change_key),
    Route("ssh", "DELETE", _KEY, delete_key),
    Route("attach_ssh", "POST", _KEYS_OF_ONE, attach_key),
    Route("detach_ssh", "DELETE", _KEYS_OF_ONE + r"{key_id}/", detach_key),
]
