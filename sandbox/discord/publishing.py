"""Messages come into being, change and go: stored, told to the gateway and to the open pages."""

from dataclasses import dataclass, field

from sandbox.discord import components, embeds, mentions, objects
from sandbox.discord.attachments import Upload
from sandbox.discord.errors import Json, bad_field, empty_message
from sandbox.discord.interactions import COMMAND, Interaction
from sandbox.discord.messages import EPHEMERAL, LAYOUT_V2, LOADING, Message
from sandbox.discord.sessions import DIRECT_MESSAGES, GUILD_MESSAGES
from sandbox.discord.state import State
from sandbox.discord.world import APPLICATION_ID, Channel

MODAL = 9
MAX_ATTACHMENTS = 10
_MAX_CONTENT = 2000
_KEPT_FLAGS = (1 << 2) | EPHEMERAL | (1 << 12) | LAYOUT_V2
_EVERYTHING = ("users", "roles", "everyone")


@dataclass
class Draft:
    """A message before it is one. `request` is the bot's JSON; `uploads` its files.

    `extra` holds the fields that depend on where it comes from (interaction, webhook, reply, nonce).
    """

    author: Json
    content: str = ""
    type: int = 0
    request: Json = field(default_factory=dict)
    uploads: list[Upload] = field(default_factory=list)
    ephemeral_to: str | None = None
    loading: bool = False
    interaction_id: str | None = None
    source: str = "channel"
    default_mentions: tuple[str, ...] = _EVERYTHING
    extra: Json = field(default_factory=dict)


async def post(state: State, channel: Channel, draft: Draft) -> Message:
    """Checks, stores and announces a new message.

    Raises:
        ApiError: 50035 or 50006 when Discord would not take it.
    """
    _check_request(draft.request, draft.uploads, kept=[])
    content = draft.content or draft.request.get("content") or ""
    shown = _shown(content, draft.request, draft.uploads)
    if not shown and not draft.loading:
        raise empty_message()
    message = Message(
        body=_new_body(state, channel, draft, content),
        channel_id=channel.id,
        ephemeral_to=draft.ephemeral_to,
        interaction_id=draft.interaction_id,
        source=draft.source,
    )
    saved = _saved(state, message, draft.request, draft.uploads)
    _render(state, message, draft.request, saved)
    _note_mentions(state, channel, message, draft.request, draft.default_mentions)
    state.messages.add(message, channel)
    await _announce(state, message, "create")
    return message


def _shown(content: str, request: Json, uploads: list[Upload]) -> bool:
    return bool(content.strip() or request.get("embeds") or request.get("components") or uploads)


def _new_body(state: State, channel: Channel, draft: Draft, content: str) -> Json:
    flags = (draft.request.get("flags") or 0) & _KEPT_FLAGS & ~EPHEMERAL
    if draft.ephemeral_to is not None:
        flags |= EPHEMERAL
    if draft.loading:
        flags |= LOADING
    return {
        "id": state.snowflakes.next(),
        "channel_id": channel.id,
        "type": draft.type,
        "author": draft.author,
        "content": content,
        "timestamp": state.now_iso(),
        "edited_timestamp": None,
        "tts": bool(draft.request.get("tts")),
        "flags": flags,
        "pinned": False,
        "mention_everyone": False,
        "mentions": [],
        "mention_roles": [],
        "attachments": [],
        "embeds": [],
        "components": [],
        **draft.extra,
    }


async def edit(
    state: State,
    channel: Channel,
    message: Message,
    request: Json,
    uploads: list[Upload],
    *,
    default_mentions: tuple[str, ...] = _EVERYTHING,
) -> Message:
    """Changes what the request names and leaves the rest; new files are added.

    Raises:
        ApiError: 50035 or 50006; then nothing is changed.
    """
    kept = _kept(message, request)
    future_flags = message.body["flags"] | ((request.get("flags") or 0) & LAYOUT_V2)
    _check_request(request | {"flags": future_flags}, uploads, kept=kept)
    after = {key: request.get(key, message.body[key]) for key in ("content", "embeds", "components")}
    if not _shown(after["content"] or "", after, uploads) and not kept:
        raise empty_message()
    was_loading = message.loading
    message.body["flags"] = future_flags & ~LOADING
    if "content" in request:
        message.body["content"] = request["content"] or ""
    _render(state, message, request, kept + _saved(state, message, request, uploads))
    _note_mentions(state, channel, message, request, default_mentions)
    if not was_loading:  # the first edit of a deferred answer fills it and is not shown as an edit
        message.body["edited_timestamp"] = state.now_iso()
    message.edited_at.append(state.clock.now())
    await _announce(state, message, "update")
    return message


async def delete(state: State, message: Message) -> None:
    message.deleted_at = state.clock.now()
    await _announce(state, message, "delete")


def _check_request(request: Json, uploads: list[Upload], *, kept: list[Json]) -> None:
    layout_v2 = bool((request.get("flags") or 0) & LAYOUT_V2)
    if len(request.get("content") or "") > _MAX_CONTENT:
        text = f"Must be {_MAX_CONTENT} or fewer in length."
        raise bad_field(["content"], "BASE_TYPE_MAX_LENGTH", text)
    if layout_v2 and (request.get("content") or request.get("embeds")):
        text = "The 'content' and 'embeds' fields cannot be used when using MessageFlags.IS_COMPONENTS_V2"
        raise bad_field(["content"], "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", text)
    if len(uploads) + len(kept) > MAX_ATTACHMENTS:
        text = f"Must be {MAX_ATTACHMENTS} or fewer in length."
        raise bad_field(["attachments"], "BASE_TYPE_MAX_LENGTH", text)
    components.check(request.get("components") or [], layout_v2=layout_v2)
    embeds.check(request.get("embeds") or [])
    _check_attachment_ids(request, uploads, kept)


def _check_attachment_ids(request: Json, uploads: list[Upload], kept: list[Json]) -> None:
    known = {str(upload.index) for upload in uploads} | {each["id"] for each in kept}
    for index, described in enumerate(request.get("attachments") or []):
        if str(described["id"]) not in known:
            text = f"{described['id']} is neither an upload of this request nor an attachment of the message"
            raise bad_field(["attachments", index, "id"], "ATTACHMENT_NOT_FOUND", text)


def _kept(message: Message, request: Json) -> list[Json]:
    present: list[Json] = message.body["attachments"] + message.hidden
    if "attachments" not in request:
        return present
    wanted = {str(each["id"]): each for each in request["attachments"] or []}
    return [
        each | {k: v for k, v in wanted[each["id"]].items() if k == "description" and v is not None}
        for each in present
        if each["id"] in wanted
    ]


def _saved(state: State, message: Message, request: Json, uploads: list[Upload]) -> list[Json]:
    described = {str(each["id"]): each for each in request.get("attachments") or []}
    saved = []
    for upload in uploads:
        about = described.get(str(upload.index), {})
        named = Upload(upload.index, about.get("filename") or upload.filename, upload.content_type, upload.data)
        saved.append(
            state.attachments.save(
                named,
                message.channel_id,
                description=about.get("description"),
                ephemeral=message.ephemeral_to is not None,
            )
        )
    return saved


def _render(state: State, message: Message, request: Json, attachments: list[Json]) -> None:
    body = message.body
    if "embeds" in request:
        body["embeds"] = embeds.rendered(request["embeds"] or [], attachments)
        shown = embeds.referenced_files(request["embeds"] or [])
        message.hidden = [each for each in attachments if each["filename"] in shown]
    else:
        hidden_ids = {each["id"] for each in message.hidden}
        message.hidden = [each for each in attachments if each["id"] in hidden_ids]
    body["attachments"] = [each for each in attachments if each not in message.hidden]
    if "components" in request:
        rendered = components.Rendered(attachments, state.snowflakes.next())
        body["components"] = rendered.all(request["components"] or [])


def _note_mentions(state: State, channel: Channel, message: Message, request: Json, default: tuple[str, ...]) -> None:
    found = mentions.permitted(
        state.world,
        message.body["content"],
        request.get("allowed_mentions"),
        default=default,
        may_everyone=channel.bot_may("MENTION_EVERYONE"),
    )
    message.body["mentions"] = found.users
    message.body["mention_roles"] = found.roles
    message.body["mention_everyone"] = found.everyone


async def _announce(state: State, message: Message, what: str) -> None:
    await state.live.send(f"message_{what}", message.for_control())
    if message.ephemeral_to is not None:
        return
    channel = state.world.channels[message.channel_id]
    intents = DIRECT_MESSAGES if channel.is_direct else GUILD_MESSAGES
    place = {} if channel.is_direct else {"guild_id": channel.guild_id}
    if what == "delete":
        data: Json = {"id": message.id, "channel_id": message.channel_id, **place}
    else:
        data = message.body | place | _member(state, message, place)
    await state.sessions.dispatch(f"MESSAGE_{what.upper()}", data, intents=intents, guild_id=channel.guild_id)


def _member(state: State, message: Message, place: Json) -> Json:
    author = state.world.users.get(message.body["author"]["id"])
    if not place or author is None or "webhook_id" in message.body:
        return {}
    member = objects.member_object(author)
    member.pop("user")
    return {"member": member}


async def interaction_changed(state: State, interaction: Interaction) -> None:
    await state.live.send("interaction", interaction.for_control(state.clock))


def response_extra(interaction: Interaction) -> Json:
    """The fields of a message that an interaction brought about."""
    extra: Json = {
        "application_id": APPLICATION_ID,
        "webhook_id": APPLICATION_ID,
        "interaction_metadata": interaction.metadata,
    }
    if interaction.type != COMMAND:
        return extra
    known = {"id": interaction.id, "type": COMMAND, "name": interaction.label}
    return extra | {"interaction": known | {"user": interaction.metadata["user"]}}
