"""What every REST request passes: log, faults, token, rate limit, schema; and its answer on the way out."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from aiohttp import web

from sandbox.discord import schema
from sandbox.discord.errors import ApiError, Json, invalid_form, not_found, unauthorized
from sandbox.discord.faults import RequestFault
from sandbox.discord.limits import too_many
from sandbox.discord.request_body import Body, read_body
from sandbox.discord.state import STATE, State

API = "/api/v10"
BODY: web.RequestKey[Body] = web.RequestKey("body", Body)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_FILES = "/attachments/"
_OPEN = ("/interactions/", "/webhooks/", "/gateway")


class _DroppedError(Exception):
    """The connection was cut on purpose; no answer reaches the client."""


def described_route(request: web.Request) -> str:
    """The route as the OpenAPI description writes it: /channels/{channel_id}/messages."""
    resource = request.match_info.route.resource
    canonical = resource.canonical if resource is not None else request.path
    return canonical.replace("%40", "@").removeprefix(API)


def json_answer(body: Any, *, status: int = HTTPStatus.OK) -> web.Response:
    """JSON with exactly `application/json`: libraries compare the header letter by letter."""
    return web.Response(body=json.dumps(body).encode(), status=status, headers={"Content-Type": "application/json"})


def no_content() -> web.Response:
    return web.Response(status=HTTPStatus.NO_CONTENT)


@web.middleware
async def rest(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The way of a request under /api; files know faults, too, and everything else passes untouched."""
    if request.path.startswith(_FILES):
        return await _file(request, handler)
    if not request.path.startswith("/api/"):
        return await handler(request)
    state = request.app[STATE]
    entry = _log(state, request)
    try:
        answer = await _answered(state, request, handler)
    except _DroppedError:
        entry["status"] = 0
        return web.Response(status=HTTPStatus.NO_CONTENT)
    except ApiError as error:
        answer = json_answer(error.body(), status=error.status)
        answer.headers.update(error.headers)
        entry["code"] = error.code
    entry["status"] = answer.status
    return answer


async def _file(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Discord's CDN: no token, no limit. Of faults only those that name files: a page loads them at any moment."""
    state = request.app[STATE]
    if any(_FILES.strip("/") in fault.route for fault in state.faults.active):
        try:
            await _fail_before(state, request, request.path)
        except ApiError as error:
            return web.Response(status=error.status, text=error.message)
        except _DroppedError:
            return web.Response(status=HTTPStatus.NO_CONTENT)
    return await handler(request)


def _log(state: State, request: web.Request) -> Json:
    entry: Json = {
        "at": state.now_iso(),
        "method": request.method,
        "route": described_route(request),
        "path": request.path,
        "token": _token_kind(request),
        "status": None,
    }
    state.requests.append(entry)
    return entry


def _token_kind(request: web.Request) -> str:
    if "webhook_token" in request.match_info or "interaction_token" in request.match_info:
        return "interaction"
    return "bot" if "Authorization" in request.headers else "none"


async def _answered(state: State, request: web.Request, handler: Handler) -> web.Response:
    route, method = described_route(request), request.method
    await _fail_before(state, request, route)
    headers = state.limiter.spend(method, route, dict(request.match_info))
    try:
        answer = await _handled(state, request, route, handler)
    except ApiError as error:
        error.headers = headers | error.headers
        raise
    answer.headers.update(headers)
    _check_answer(state, request, route, answer)
    return await _fail_after(state, request, route, answer)


async def _handled(state: State, request: web.Request, route: str, handler: Handler) -> web.Response:
    _check_token(state, request, route)
    await _check_request(state, request, route)
    answer = await handler(request)
    if not isinstance(answer, web.Response):
        raise TypeError(f"{request.method} {route} must give a whole answer")
    return answer


async def _fail_before(state: State, request: web.Request, route: str) -> None:
    def take(kind: str) -> RequestFault | None:
        return state.faults.take(kind, request.method, route, request.path, after_commit=False)

    if delay := take("delay"):
        await asyncio.sleep(delay.delay_s)
    if drop := take("drop"):
        _cut(request, drop)
    if limited := take("rate_limit"):
        refusal = too_many(limited.retry_after_s, scope=limited.scope)
        if not limited.via:
            refusal.headers.pop("Via")
        raise refusal
    if broken := take("status"):
        await asyncio.sleep(broken.delay_s)
        raise _bad_answer(broken)


async def _fail_after(state: State, request: web.Request, route: str, answer: web.Response) -> web.Response:
    def take(kind: str) -> RequestFault | None:
        return state.faults.take(kind, request.method, route, request.path, after_commit=True)

    if delay := take("delay"):
        await asyncio.sleep(delay.delay_s)
    if drop := take("drop"):
        _cut(request, drop)
    if broken := take("status"):
        await asyncio.sleep(broken.delay_s)
        raise _bad_answer(broken)
    return answer


def _cut(request: web.Request, fault: RequestFault) -> None:
    if request.transport is not None:
        request.transport.abort()
    raise _DroppedError(fault.kind)


def _bad_answer(fault: RequestFault) -> ApiError:
    body = fault.body or {}
    phrase = HTTPStatus(fault.status).phrase
    message = str(body.get("message", f"{fault.status}: {phrase}"))
    return ApiError(fault.status, int(body.get("code", 0)), message)


def _check_token(state: State, request: web.Request, route: str) -> None:
    given = request.headers.get("Authorization")
    if given is None and route.startswith(_OPEN) and route != "/gateway/bot":
        return
    if given != f"Bot {state.token}":
        raise unauthorized()


async def _check_request(state: State, request: web.Request, route: str) -> None:
    method = request.method
    if not schema.is_described(route, method):
        state.violate("unknown_route", method, request.path, [])
        raise not_found()
    body = await read_body(request, file_limit_bytes=state.upload_limit_bytes)
    request[BODY] = body
    if not state.checks_form:
        return
    errors = schema.parameter_errors(route, method, "path", dict(request.match_info))
    errors += schema.parameter_errors(route, method, "query", dict(request.query))
    if body.present or schema.needs_body(route, method):
        errors += schema.request_errors(route, method, body.json)
    if errors:
        state.violate("request", method, route, invalid_form(errors).body()["errors"], body=body.json)
        raise invalid_form(errors)


def _check_answer(state: State, request: web.Request, route: str, answer: web.Response) -> None:
    if not state.checks_form:
        return
    body = json.loads(answer.body) if isinstance(answer.body, bytes) and answer.body else None
    errors = schema.response_errors(route, request.method, answer.status, body)
    if errors:
        state.violate("response", request.method, route, invalid_form(errors).body()["errors"], body=body)
