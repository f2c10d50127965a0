"""Faults that act at once: on gateway connections, tokens, limits and permissions."""

from collections.abc import Awaitable, Callable

from sandbox.discord import gateway, objects, permissions
from sandbox.discord.errors import Json
from sandbox.discord.state import State

_DEFAULT_CLOSE = 4000
CUT_CABLE = 0


async def _close(state: State, wanted: Json) -> Json:
    code = int(wanted.get("code", _DEFAULT_CLOSE))
    sessions = [each for each in state.sessions.connected() if wanted.get("shard") in (None, each.shard[0])]
    for session in sessions:
        if session.close is not None:
            await session.close(code)
    return {"connections": len(sessions)}


async def _drop(state: State, wanted: Json) -> Json:
    return await _close(state, {**wanted, "code": CUT_CABLE})


async def _reconnect(state: State, _: Json) -> Json:
    sessions = state.sessions.connected()
    for session in sessions:
        await gateway.ask_reconnect(session)
    return {"connections": len(sessions)}


async def _invalid_session(state: State, wanted: Json) -> Json:
    sessions = state.sessions.connected()
    resumable = bool(wanted.get("resumable"))
    for session in sessions:
        await gateway.invalidate(session, resumable=resumable)
        if not resumable:
            state.sessions.end(session)
    return {"connections": len(sessions)}


async def _token_dead(state: State, wanted: Json) -> Json:
    wanted_id = wanted.get("interaction_id")
    if wanted_id is not None and state.interactions.get(str(wanted_id)) is None:
        raise ValueError(f"no interaction {wanted_id!r}")
    found = [each for each in state.interactions.all() if wanted_id in (None, each.id)]
    for interaction in found:
        interaction.token_dead = True
    return {"tokens": len(found)}


async def _upload_limit(state: State, wanted: Json) -> Json:
    limit = int(wanted["bytes"])
    if limit < 1:
        raise ValueError(f"bytes must be 1 or more, not {limit}")
    state.upload_limit_bytes = limit
    return {"bytes": limit}


async def _channel_permissions(state: State, wanted: Json) -> Json:
    channel = state.world.channel(str(wanted["channel"]))
    channel.denied_to_bot = permissions.bits(list(wanted.get("deny", [])))
    await state.live.send("world", objects.page_world(state.world))
    return {"channel": channel.name, "permissions": str(channel.bot_permissions())}


_ACTIONS: dict[str, Callable[[State, Json], Awaitable[Json]]] = {
    "gateway_close": _close,
    "gateway_drop": _drop,
    "gateway_reconnect": _reconnect,
    "invalid_session": _invalid_session,
    "token_dead": _token_dead,
    "upload_limit_bytes": _upload_limit,
    "channel_permissions": _channel_permissions,
}


async def act(state: State, wanted: Json) -> Json:
    """Carries out a fault of one of the ONCE_KINDS and says what it hit.

    Raises:
        ValueError: for a wrong value. KeyError: for a missing field.
    """
    return await _ACTIONS[wanted["kind"]](state, wanted)
