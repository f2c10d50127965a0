"""What every API route goes through: faults, key, rate limit, handler, and the log of requests."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import NamedTuple

from aiohttp import web

from sandbox.vast.errors import ApiError, Json
from sandbox.vast.world import WORLD, World, json_body

ACCOUNT = "account"
INSTANCE_KEY_ROUTES = frozenset({"show", "state", "destroy"})
SECRET_KEYS = frozenset({"env", "image_login", "api_key", "ssh_key"})


class Caller(NamedTuple):
    """Who asks: the account, or one instance with the key that Vast put into it."""

    identity: str
    instance_id: int | None


Handler = Callable[[web.Request, World, Caller], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Route:
    """One operation of the API. `name` is what faults, limits and the request log call it."""

    name: str
    method: str
    path: str
    handler: Handler


def add_routes(app: web.Application, routes: list[Route]) -> None:
    """Each with and without the closing slash, as the SDK uses both."""
    for route in routes:
        app.router.add_route(route.method, route.path.rstrip("/") + "{_slash:/?}", _pipeline(route))


def _pipeline(route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def answer(request: web.Request) -> web.StreamResponse:
        world = request.app[WORLD]
        record: Json = {
            "at": world.clock.now().isoformat(),
            "method": request.method,
            "path": request.path,
            "route": route.name,
            "body": _without_secrets(await json_body(request)),
        }
        world.requests.append(record)
        world.fleet.tick()
        response = await _answer(request, world, route, record)
        record["status"] = response.status
        return response

    return answer


async def _answer(request: web.Request, world: World, route: Route, record: Json) -> web.StreamResponse:
    try:
        interference = await _interfere(request, world, route.name)
        if interference is not None:
            return interference
        caller = _authenticate(request, world, route.name)
        record["caller"] = ACCOUNT if caller.instance_id is None else caller.instance_id
        world.limits.check(f"{caller.identity} {request.remote}", route.name, world.clock.now())
        return await route.handler(request, world, caller)
    except ApiError as refusal:
        return refuse(refusal)


def refuse(refusal: ApiError) -> web.Response:
    body = refusal.body()
    retry_after_s = body.pop("retry_after_s", None)
    headers = {} if retry_after_s is None else {"Retry-After": f"{max(retry_after_s, 0.05):.2f}"}
    return web.json_response(body, status=refusal.status, headers=headers)


def drop_connection(request: web.Request) -> web.Response:
    """Cut the connection: what is returned after this reaches nobody."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=499)


async def _interfere(request: web.Request, world: World, route: str) -> web.Response | None:
    """The faults that concern any route."""
    take = world.faults.take
    if fault := take("slow", route=route):
        await asyncio.sleep(fault.number("delay_s", 5.0))
    if take("dropped_connection", route=route):
        return drop_connection(request)
    if fault := take("http_429", route=route):
        raise ApiError(
            429, "rate_limit_exceeded", "API requests too frequent.", retry_after_s=fault.number("retry_after_s", 1)
        )
    if fault := take("http_error", route=route):
        return web.Response(status=int(fault.number("status", 503)), text="upstream error (sandbox fault)")
    if take("malformed_json", route=route):
        return web.Response(text='{"success": true, "instances": [{"id": 27', content_type="application/json")
    return None


def _authenticate(request: web.Request, world: World, route: str) -> Caller:
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    if scheme == "Bearer" and key == world.options.api_key:
        return Caller(ACCOUNT, None)
    instance = world.fleet.by_key(key) if scheme == "Bearer" else None
    if instance is None:
        raise ApiError(401, "auth_error", "Invalid user key")
    own = request.match_info.get("instance_id") == str(instance.instance_id)
    if route not in INSTANCE_KEY_ROUTES or not own:
        raise ApiError(403, "no_permission", "This key may only show, start, stop and destroy its own instance.")
    return Caller(f"instance-{instance.instance_id}", instance.instance_id)


def _without_secrets(body: Json) -> Json:
    """Names of environment variables may be seen, values not."""
    return {key: _hidden(value) if key in SECRET_KEYS else value for key, value in body.items()}


def _hidden(value: object) -> object:
    return dict.fromkeys(value, "…") if isinstance(value, dict) else ("…" if value else value)
