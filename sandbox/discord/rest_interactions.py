"""REST: the first answer to an interaction, and the webhook routes that its token opens for 15 minutes."""

from http import HTTPStatus

from aiohttp import web

from sandbox.discord import objects, publishing
from sandbox.discord.errors import (
    Json,
    already_acknowledged,
    bad_field,
    invalid_webhook_token,
    unknown_interaction,
    unknown_message,
    unknown_webhook,
)
from sandbox.discord.interactions import AUTOCOMPLETE, COMPONENT, EXPIRED, MODAL_SUBMIT, PENDING, Interaction
from sandbox.discord.messages import EPHEMERAL, Message
from sandbox.discord.middleware import API, BODY, json_answer, no_content
from sandbox.discord.rest_messages import reference_to
from sandbox.discord.state import STATE, State
from sandbox.discord.world import APPLICATION_ID, Channel

_MESSAGE, _DEFERRED, _DEFERRED_UPDATE, _UPDATE, _CHOICES, _MODAL = 4, 5, 6, 7, 8, 9
_DEFAULT, _REPLY, _CHAT_INPUT, _CONTEXT_MENU = 0, 19, 20, 23
_SLASH = 1
_WEBHOOK = f"{API}/webhooks/{{webhook_id}}/{{webhook_token}}"
_ORIGINAL = f"{_WEBHOOK}/messages/@original"
_SINGLE = f"{_WEBHOOK}/messages/{{message_id}}"
_WEBHOOK_MENTIONS = ("users",)


def routes() -> list[web.RouteDef]:
    return [
        web.post(f"{API}/interactions/{{interaction_id}}/{{interaction_token}}/callback", answer_interaction),
        web.post(_WEBHOOK, follow_up),
        web.get(_ORIGINAL, get_message, allow_head=False),
        web.patch(_ORIGINAL, edit_message),
        web.delete(_ORIGINAL, delete_message),
        web.get(_SINGLE, get_message, allow_head=False),
        web.patch(_SINGLE, edit_message),
        web.delete(_SINGLE, delete_message),
    ]


async def answer_interaction(request: web.Request) -> web.Response:
    state, body = request.app[STATE], request[BODY]
    interaction = state.interactions.get(request.match_info["interaction_id"])
    if interaction is None or interaction.token != request.match_info["interaction_token"]:
        raise unknown_interaction()
    if interaction.state == EXPIRED or interaction.token_dead or interaction.too_late(state.clock):
        raise unknown_interaction()
    if interaction.state != PENDING or interaction.answering:
        raise already_acknowledged()
    _check_type(interaction, body.json["type"])
    interaction.answering = True
    try:
        message = await _carry_out(state, interaction, request)
    finally:
        interaction.answering = False
    interaction.acknowledge(body.json)
    await publishing.interaction_changed(state, interaction)
    if request.query.get("with_response") not in ("1", "true", "True"):
        return no_content()
    return json_answer(_callback_answer(interaction, body.json["type"], message))


def _check_type(interaction: Interaction, kind: int) -> None:
    if interaction.type == AUTOCOMPLETE:
        fits = kind == _CHOICES
    elif kind in (_DEFERRED_UPDATE, _UPDATE):
        fits = interaction.source_message_id is not None
    elif kind == _MODAL:
        fits = interaction.type != MODAL_SUBMIT
    else:
        fits = kind in (_MESSAGE, _DEFERRED)
    if not fits:
        text = f"Callback type {kind} does not fit interaction type {interaction.type}."
        raise bad_field(["type"], "INTERACTION_CALLBACK_TYPE_INVALID", text)


async def _carry_out(state: State, interaction: Interaction, request: web.Request) -> Message | None:
    body = request[BODY]
    kind, data = body.json["type"], body.json.get("data") or {}
    channel = state.world.channels[interaction.channel_id]
    if kind in (_MESSAGE, _DEFERRED):
        draft = _first_draft(state, interaction, kind, data)
        draft.uploads = body.uploads
        message = await publishing.post(state, channel, draft)
        interaction.original_id = message.id
        return message
    if kind in (_UPDATE, _DEFERRED_UPDATE):
        interaction.original_id = interaction.source_message_id
        source = _alive(state, interaction.source_message_id)
        if kind == _UPDATE:
            return await publishing.edit(state, channel, source, data, body.uploads, default_mentions=_WEBHOOK_MENTIONS)
    return None


def _first_draft(state: State, interaction: Interaction, kind: int, data: Json) -> publishing.Draft:
    ephemeral = bool((data.get("flags") or 0) & EPHEMERAL)
    extra = publishing.response_extra(interaction)
    message_type = _CHAT_INPUT
    if interaction.type in (COMPONENT, MODAL_SUBMIT):
        source = state.messages.get(interaction.source_message_id or "")
        extra |= reference_to(state, source) if source else {}
        message_type = _REPLY if source else _DEFAULT
    elif interaction.event["data"]["type"] != _SLASH:
        message_type = _CONTEXT_MENU
    return publishing.Draft(
        author=objects.user_object(state.world.bot),
        type=message_type,
        request={} if kind == _DEFERRED else data,
        ephemeral_to=interaction.user_id if ephemeral else None,
        loading=kind == _DEFERRED,
        interaction_id=interaction.id,
        source="interaction",
        default_mentions=_WEBHOOK_MENTIONS,
        extra=extra,
    )


def _callback_answer(interaction: Interaction, kind: int, message: Message | None) -> Json:
    about: Json = {"id": interaction.id, "type": interaction.type, "channel_id": interaction.channel_id}
    if "guild_id" in interaction.event:
        about["guild_id"] = interaction.event["guild_id"]
    if interaction.original_id is not None:
        about["response_message_id"] = interaction.original_id
    if message is None:
        return {"interaction": about}
    about["response_message_loading"] = message.loading
    about["response_message_ephemeral"] = message.ephemeral_to is not None
    if kind not in (_MESSAGE, _DEFERRED):
        return {"interaction": about, "resource": {"type": _UPDATE, "message": message.body}}
    return {"interaction": about, "resource": {"type": _MESSAGE, "message": message.body}}


def _alive(state: State, message_id: str | None) -> Message:
    message = state.messages.get(message_id or "")
    if message is None:
        raise unknown_message()
    return message


def _holder(state: State, request: web.Request) -> Interaction:
    """The interaction whose token this is.

    Raises:
        ApiError: 50027 for a wrong or old token, 10015 for one that was never made good by an answer.
    """
    interaction = state.interactions.by_token(request.match_info["webhook_token"])
    if interaction is None or request.match_info["webhook_id"] != APPLICATION_ID:
        raise invalid_webhook_token()
    if interaction.token_over(state.clock):
        raise invalid_webhook_token()
    if interaction.state != "answered":
        raise unknown_webhook()
    return interaction


def _addressed(state: State, request: web.Request) -> tuple[Interaction, Channel, Message]:
    interaction = _holder(state, request)
    wanted = request.match_info.get("message_id", interaction.original_id)
    message = _alive(state, wanted)
    own = message.interaction_id == interaction.id or message.id == interaction.original_id
    if not own:
        raise unknown_message()
    return interaction, state.world.channels[interaction.channel_id], message


async def get_message(request: web.Request) -> web.Response:
    _, _, message = _addressed(request.app[STATE], request)
    return json_answer(message.body)


async def edit_message(request: web.Request) -> web.Response:
    state, body = request.app[STATE], request[BODY]
    _, channel, message = _addressed(state, request)
    await publishing.edit(state, channel, message, body.json, body.uploads, default_mentions=_WEBHOOK_MENTIONS)
    return json_answer(message.body)


async def delete_message(request: web.Request) -> web.Response:
    state = request.app[STATE]
    _, _, message = _addressed(state, request)
    await publishing.delete(state, message)
    return no_content()


async def follow_up(request: web.Request) -> web.Response:
    """A further message; straight after a deferral it fills the deferred one instead, as Discord does."""
    state, body = request.app[STATE], request[BODY]
    interaction = _holder(state, request)
    channel = state.world.channels[interaction.channel_id]
    original = state.messages.get(interaction.original_id or "")
    if original is not None and original.loading:
        await publishing.edit(state, channel, original, body.json, body.uploads, default_mentions=_WEBHOOK_MENTIONS)
        return json_answer(original.body, status=HTTPStatus.OK)
    message = await publishing.post(state, channel, _follow_up_draft(state, interaction, original, request))
    return json_answer(message.body)


def _follow_up_draft(
    state: State, interaction: Interaction, original: Message | None, request: web.Request
) -> publishing.Draft:
    body = request[BODY]
    ephemeral = bool((body.json.get("flags") or 0) & EPHEMERAL)
    extra = publishing.response_extra(interaction)
    extra.pop("interaction", None)
    if original is not None:
        extra |= reference_to(state, original)
        extra["interaction_metadata"] = interaction.metadata | {"original_response_message_id": original.id}
    return publishing.Draft(
        author=objects.user_object(state.world.bot),
        type=_REPLY if original is not None else _DEFAULT,
        request=body.json,
        uploads=body.uploads,
        ephemeral_to=interaction.user_id if ephemeral else None,
        interaction_id=interaction.id,
        source="followup",
        default_mentions=_WEBHOOK_MENTIONS,
        extra=extra,
    )
