"""REST: messages in channels, with the bot's token."""

from http import HTTPStatus

from aiohttp import web

from sandbox.discord import objects, publishing
from sandbox.discord.errors import (
    ApiError,
    Json,
    missing_access,
    missing_permissions,
    not_your_message,
    unknown_channel,
    unknown_message,
)
from sandbox.discord.messages import Message
from sandbox.discord.middleware import API, BODY, json_answer, no_content
from sandbox.discord.snowflake import snowflake_at
from sandbox.discord.state import STATE, State
from sandbox.discord.world import Channel

_REPLY = 19
_DEFAULT_PAGE = 50
_COLLECTION = f"{API}/channels/{{channel_id}}/messages"
_SINGLE = f"{_COLLECTION}/{{message_id}}"


def routes() -> list[web.RouteDef]:
    return [
        web.get(_COLLECTION, list_messages, allow_head=False),
        web.post(_COLLECTION, create_message),
        web.get(_SINGLE, get_message, allow_head=False),
        web.patch(_SINGLE, edit_message),
        web.delete(_SINGLE, delete_message),
        web.post(f"{API}/channels/{{channel_id}}/typing", start_typing),
    ]


def channel_for_bot(state: State, channel_id: str) -> Channel:
    """The channel if the bot sees it.

    Raises:
        ApiError: 10003 or 50001.
    """
    channel = state.world.channels.get(channel_id)
    if channel is None:
        raise unknown_channel()
    if not channel.bot_may("VIEW_CHANNEL"):
        raise missing_access()
    return channel


def check_rights(channel: Channel, needed: list[str]) -> None:
    """Raises `ApiError` 50013 where the bot lacks one of the permissions."""
    if not all(channel.bot_may(name) for name in needed):
        raise missing_permissions()


def _needed(channel: Channel, request: Json, *, files: bool) -> list[str]:
    needed = ["SEND_MESSAGES_IN_THREADS" if channel.is_thread else "SEND_MESSAGES"]
    if files:
        needed.append("ATTACH_FILES")
    if request.get("embeds"):
        needed.append("EMBED_LINKS")
    return needed


async def create_message(request: web.Request) -> web.Response:
    state, body = request.app[STATE], request[BODY]
    channel = channel_for_bot(state, request.match_info["channel_id"])
    check_rights(channel, _needed(channel, body.json, files=bool(body.uploads)))
    nonce = body.json.get("nonce")
    earlier = _sent_before(state, body.json)
    if earlier is not None:
        return json_answer(earlier.body)
    draft = publishing.Draft(
        author=objects.user_object(state.world.bot),
        request=body.json,
        uploads=body.uploads,
        extra=_reference(state, channel, body.json.get("message_reference")),
        type=_REPLY if body.json.get("message_reference") else 0,
    )
    if nonce is not None:
        draft.extra["nonce"] = nonce
    message = await publishing.post(state, channel, draft)
    if nonce is not None:
        state.messages.remember_nonce(state.world.bot.id, str(nonce), message, state.clock.now())
    return json_answer(message.body)


def _sent_before(state: State, body: Json) -> Message | None:
    nonce = body.get("nonce")
    if nonce is None or not body.get("enforce_nonce"):
        return None
    return state.messages.by_nonce(state.world.bot.id, str(nonce), state.clock.now())


def _reference(state: State, channel: Channel, reference: Json | None) -> Json:
    if not reference:
        return {}
    target = state.messages.get(str(reference.get("message_id")))
    if target is None or target.channel_id != channel.id:
        if reference.get("fail_if_not_exists") is False:
            return {}
        raise ApiError(HTTPStatus.BAD_REQUEST, 50035, "Invalid Form Body", fields=[_NO_REFERENCE])
    return reference_to(state, target)


_NO_REFERENCE: tuple[list[str | int], str, str] = (
    ["message_reference"],
    "MESSAGE_REFERENCE_UNKNOWN_MESSAGE",
    "Unknown message",
)


def reference_to(state: State, target: Message) -> Json:
    """The fields of a reply to this message."""
    guild_id = state.world.channels[target.channel_id].guild_id
    reference: Json = {"type": 0, "channel_id": target.channel_id, "message_id": target.id}
    reference |= {"guild_id": guild_id} if guild_id else {}
    quoted = {k: v for k, v in target.body.items() if k not in ("referenced_message", "nonce")}
    return {"message_reference": reference, "referenced_message": quoted}


async def list_messages(request: web.Request) -> web.Response:
    state, query = request.app[STATE], request.query
    channel = channel_for_bot(state, request.match_info["channel_id"])
    if not channel.bot_may("READ_MESSAGE_HISTORY"):
        return json_answer([])
    found = [m for m in state.messages.in_channel(channel.id) if m.ephemeral_to is None]
    limit = int(query.get("limit", _DEFAULT_PAGE))
    if "around" in query:
        found = _around(found, int(query["around"]), limit)
    elif "after" in query:
        found = [m for m in found if int(m.id) > int(query["after"])][:limit]
    else:
        before = int(query.get("before", snowflake_at(state.clock.now().replace(year=9999))))
        found = [m for m in found if int(m.id) < before][-limit:]
    return json_answer([message.body for message in reversed(found)])


def _around(found: list[Message], middle: int, limit: int) -> list[Message]:
    before = [m for m in found if int(m.id) < middle]
    since = [m for m in found if int(m.id) >= middle]
    return before[-(limit // 2) :] + since[: limit - limit // 2]


async def get_message(request: web.Request) -> web.Response:
    state = request.app[STATE]
    channel = channel_for_bot(state, request.match_info["channel_id"])
    if not channel.bot_may("READ_MESSAGE_HISTORY"):
        raise unknown_message()
    return json_answer(state.messages.visible_to_bot(channel.id, request.match_info["message_id"]).body)


async def edit_message(request: web.Request) -> web.Response:
    state, body = request.app[STATE], request[BODY]
    channel = channel_for_bot(state, request.match_info["channel_id"])
    message = state.messages.visible_to_bot(channel.id, request.match_info["message_id"])
    if message.body["author"]["id"] != state.world.bot.id:
        raise not_your_message()
    if body.uploads and not channel.bot_may("ATTACH_FILES"):
        raise missing_permissions()
    await publishing.edit(state, channel, message, body.json, body.uploads)
    return json_answer(message.body)


async def delete_message(request: web.Request) -> web.Response:
    state = request.app[STATE]
    channel = channel_for_bot(state, request.match_info["channel_id"])
    message = state.messages.visible_to_bot(channel.id, request.match_info["message_id"])
    own = message.body["author"]["id"] == state.world.bot.id
    if not own and not channel.bot_may("MANAGE_MESSAGES"):
        raise missing_permissions()
    await publishing.delete(state, message)
    return no_content()


async def start_typing(request: web.Request) -> web.Response:
    state = request.app[STATE]
    channel = channel_for_bot(state, request.match_info["channel_id"])
    check_rights(channel, _needed(channel, {}, files=False))
    await state.live.send("typing", {"channel_id": channel.id, "user": objects.user_object(state.world.bot)})
    return no_content()
