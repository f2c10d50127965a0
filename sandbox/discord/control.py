"""The control API for scripts, tests and the page: people's actions, faults, time, and what happened."""

import json
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from aiohttp import web

from sandbox.discord import components, gateway_faults, objects, people
from sandbox.discord.attachments import DEFAULT_LIMIT_BYTES
from sandbox.discord.errors import ApiError, Json
from sandbox.discord.faults import KINDS, REQUEST_KINDS
from sandbox.discord.interactions import Interaction
from sandbox.discord.middleware import json_answer
from sandbox.discord.options import ClientRefusalError
from sandbox.discord.people import Actor
from sandbox.discord.sessions import GUILDS
from sandbox.discord.state import STATE, State
from sandbox.discord.world import CHANNEL_KINDS, Channel

_FIELDS = {
    "command",
    "options",
    "focused",
    "user",
    "channel",
    "client_checks",
    "wait",
    "component",
    "label",
    "message_id",
    "values",
    "modal",
    "fields",
    "target",
    "locale",
}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def routes() -> list[web.RouteDef]:
    return [
        web.post("/sandbox/interactions", act),
        web.get("/sandbox/interactions/{id}", show_interaction),
        web.post("/sandbox/interactions/{id}/replay", replay),
        web.post("/sandbox/messages", say),
        web.post("/sandbox/channels", open_channel),
        web.get("/sandbox/channels/{name}/messages", show_messages),
        web.get("/sandbox/faults", show_faults),
        web.post("/sandbox/faults", add_fault),
        web.delete("/sandbox/faults", clear_faults),
        web.post("/sandbox/clock", advance),
        web.get("/sandbox/requests", show_requests),
        web.get("/sandbox/commands", show_commands),
        web.get("/sandbox/violations", show_violations),
        web.get("/sandbox/health", health),
    ]


@web.middleware
async def plain_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Wrong use of the control API is answered with a sentence."""
    if not request.path.startswith("/sandbox/"):
        return await handler(request)
    try:
        return await handler(request)
    except ClientRefusalError as refusal:
        answer = {"error": str(refusal), "refused_by_client": True}
        return json_answer(answer, status=HTTPStatus.BAD_REQUEST)
    except KeyError as missing:
        return json_answer({"error": f"{missing} is missing"}, status=HTTPStatus.BAD_REQUEST)
    except (ValueError, TypeError) as error:
        return json_answer({"error": str(error)}, status=HTTPStatus.BAD_REQUEST)
    except ApiError as error:
        return json_answer({"error": str(error), **error.body()}, status=error.status)


async def _wanted(request: web.Request, known: set[str] | None = None) -> Json:
    try:
        wanted = json.loads(await request.read() or b"{}")
    except ValueError as error:
        raise ValueError(f"the body is no JSON: {error}") from error
    if not isinstance(wanted, dict):
        raise TypeError("the body must be a JSON object")
    unknown = set(wanted) - known if known is not None else set()
    if known is not None and unknown:
        raise ValueError(f"unknown {', '.join(sorted(unknown))}; known are {', '.join(sorted(known))}")
    return wanted


def _actor(state: State, wanted: Json) -> Actor:
    user = state.world.person(str(wanted.get("user", "member-1")))
    user.locale = str(wanted.get("locale", user.locale))
    name = str(wanted.get("channel", "general"))
    channel = state.world.direct_channel(user) if name == "dm" else state.world.channel(name)
    return Actor(user, channel, checks=bool(wanted.get("client_checks", True)))


async def act(request: web.Request) -> web.Response:
    """One action of a person; see the README for its forms."""
    state = request.app[STATE]
    wanted = await _wanted(request, _FIELDS)
    interaction = await _acted(state, _actor(state, wanted), wanted)
    if not wanted.get("wait") and "focused" not in wanted:
        return json_answer(_outcome(state, interaction))
    await interaction.decided.wait()
    return json_answer(_outcome(state, interaction))


async def _acted(state: State, actor: Actor, wanted: Json) -> Interaction:
    values: dict[str, Any] = wanted.get("options") or {}
    if "focused" in wanted:
        return await people.type_option(state, actor, wanted["command"], values, wanted["focused"])
    if "target" in wanted:
        return await people.use_menu(state, actor, wanted["command"], str(wanted["target"]))
    if "command" in wanted:
        return await people.use_command(state, actor, wanted["command"], values)
    if "modal" in wanted:
        opener = _interaction(state, str(wanted["modal"]))
        return await people.submit_modal(state, actor, opener, wanted.get("fields") or {})
    if "component" in wanted or "label" in wanted:
        return await _pressed(state, actor, wanted)
    raise ValueError("say what to do: command, component, label or modal")


async def _pressed(state: State, actor: Actor, wanted: Json) -> Interaction:
    candidates = [
        message
        for message in reversed(state.messages.in_channel(actor.channel.id))
        if message.ephemeral_to in (None, actor.user.id)
    ]
    if "message_id" in wanted:
        candidates = [people.visible_message(state, actor.user, str(wanted["message_id"]))]
    custom_id, label = wanted.get("component"), wanted.get("label")
    for message in candidates:
        component = components.find(message.body["components"], custom_id=custom_id, label=label)
        if component is not None:
            return await people.use_component(state, actor, message, component, wanted.get("values"))
    if not actor.checks and candidates and custom_id:
        pressed = {"type": components.BUTTON, "custom_id": custom_id}
        return await people.use_component(state, actor, candidates[0], pressed, None)
    raise ClientRefusalError(f"{actor.user.name} sees no component {custom_id or label!r} in #{actor.channel.name}")


def _interaction(state: State, interaction_id: str) -> Interaction:
    found = state.interactions.get(interaction_id)
    if found is None:
        raise ValueError(f"no interaction {interaction_id!r}")
    return found


def _outcome(state: State, interaction: Interaction) -> Json:
    message = state.messages.get(interaction.original_id or "")
    choices = ((interaction.answer or {}).get("data") or {}).get("choices")
    outcome = interaction.for_control(state.clock) | {"message": message.for_control() if message else None}
    return outcome | {"choices": choices} if choices is not None else outcome


async def show_interaction(request: web.Request) -> web.Response:
    state = request.app[STATE]
    return json_answer(_outcome(state, _interaction(state, request.match_info["id"])))


async def replay(request: web.Request) -> web.Response:
    """Sends the same gateway event once more."""
    state = request.app[STATE]
    interaction = _interaction(state, request.match_info["id"])
    guild_id = interaction.event.get("guild_id")
    await state.sessions.dispatch("INTERACTION_CREATE", interaction.event, guild_id=guild_id)
    return json_answer(_outcome(state, interaction))


async def say(request: web.Request) -> web.Response:
    state = request.app[STATE]
    wanted = await _wanted(request, {"user", "channel", "content", "files"})
    message = await people.say(state, _actor(state, wanted), str(wanted.get("content", "")), wanted.get("files") or ())
    return json_answer(message.for_control())


async def open_channel(request: web.Request) -> web.Response:
    """A channel, forum or thread that somebody makes while the bot is there."""
    state = request.app[STATE]
    wanted = await _wanted(request, {"name", "kind", "parent", "nsfw"})
    kind = str(wanted.get("kind", "text"))
    if kind not in CHANNEL_KINDS:
        raise ValueError(f"unknown kind {kind!r}; known are {', '.join(CHANNEL_KINDS)}")
    parent = state.world.channel(str(wanted["parent"])) if "parent" in wanted else None
    nsfw = bool(wanted.get("nsfw"))
    channel = Channel(state.snowflakes.next(), str(wanted["name"]), nsfw=nsfw, type=CHANNEL_KINDS[kind], parent=parent)
    state.world.open_channel(channel)
    body = objects.channel_object(state.world, channel)
    event = "THREAD_CREATE" if channel.is_thread else "CHANNEL_CREATE"
    await state.sessions.dispatch(event, body, intents=GUILDS, guild_id=channel.guild_id)
    await state.live.send("world", objects.page_world(state.world))
    return json_answer(body)


async def show_messages(request: web.Request) -> web.Response:
    state = request.app[STATE]
    channel = state.world.channel(request.match_info["name"])
    deleted = request.query.get("deleted") in ("1", "true")
    found = state.messages.in_channel(channel.id, deleted=deleted)
    return json_answer([message.for_control() for message in found])


async def show_faults(request: web.Request) -> web.Response:
    return json_answer([vars(fault) for fault in request.app[STATE].faults.active])


async def add_fault(request: web.Request) -> web.Response:
    state, wanted = request.app[STATE], await _wanted(request)
    kind = wanted.get("kind")
    if kind not in KINDS:
        raise ValueError(f"unknown kind {kind!r}; known are {', '.join(KINDS)}")
    if kind in REQUEST_KINDS:
        return json_answer(vars(state.faults.add(wanted)))
    return json_answer(await gateway_faults.act(state, wanted))


async def clear_faults(request: web.Request) -> web.Response:
    """Ends all request faults and sets the upload limit back; permissions stay as they were set."""
    state = request.app[STATE]
    state.upload_limit_bytes = DEFAULT_LIMIT_BYTES
    return json_answer({"cleared": state.faults.clear()})


async def advance(request: web.Request) -> web.Response:
    state, wanted = request.app[STATE], await _wanted(request, {"advance_s"})
    state.clock.advance(float(wanted["advance_s"]))
    await state.live.send("clock", {"now": state.now_iso()})
    return json_answer({"now": state.now_iso()})


async def show_requests(request: web.Request) -> web.Response:
    return json_answer(list(request.app[STATE].requests))


async def show_commands(request: web.Request) -> web.Response:
    return json_answer(request.app[STATE].commands.all())


async def show_violations(request: web.Request) -> web.Response:
    return json_answer(request.app[STATE].violations)


async def health(request: web.Request) -> web.Response:
    state = request.app[STATE]
    return json_answer(
        {
            "status": "ok",
            "now": state.now_iso(),
            "gateway_connections": len(state.sessions.connected()),
            "shards": sorted(session.shard for session in state.sessions.connected()),
            "commands": len(state.commands.all()),
            "violations": len(state.violations),
        }
    )
