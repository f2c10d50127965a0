"""INTERACTION_CREATE events, built as Discord builds them for a bot in a guild or a direct message."""

from sandbox.discord import objects
from sandbox.discord.errors import Json
from sandbox.discord.interactions import Interaction, new_token
from sandbox.discord.messages import Message
from sandbox.discord.state import State
from sandbox.discord.world import APPLICATION_ID, DIRECT, Channel, User

_GUILD_CONTEXT, _BOT_DM_CONTEXT = 0, 1


def new_interaction(
    state: State, kind: int, data: Json, *, user: User, channel: Channel, message: Message | None = None
) -> Interaction:
    """An interaction that is ready to be dispatched; `message` is the one whose component was used."""
    interaction_id = state.snowflakes.next()
    token = new_token(interaction_id)
    event: Json = {
        "id": interaction_id,
        "application_id": APPLICATION_ID,
        "type": kind,
        "token": token,
        "version": 1,
        "data": data,
        "channel_id": channel.id,
        "channel": objects.partial_channel_object(state.world, channel, user),
        "locale": user.locale,
        "entitlements": [],
        "entitlement_sku_ids": [],
        "attachment_size_limit": state.upload_limit_bytes,
        "app_permissions": str(channel.bot_permissions()),
        **_place(state, channel, user),
    }
    if message is not None:
        event["message"] = message.body
    interaction = Interaction(
        id=interaction_id,
        token=token,
        type=kind,
        user_id=user.id,
        channel_id=channel.id,
        event=event,
        created_at=state.clock.now(),
        source_message_id=message.id if message else None,
    )
    interaction.metadata = {
        "id": interaction_id,
        "type": kind,
        "user": objects.user_object(user),
        "authorizing_integration_owners": event["authorizing_integration_owners"],
    }
    return interaction


def _place(state: State, channel: Channel, user: User) -> Json:
    if channel.type == DIRECT:
        return {
            "user": objects.user_object(user),
            "context": _BOT_DM_CONTEXT,
            "authorizing_integration_owners": {"0": "0"},
        }
    permissions = str(state.world.user_permissions(user))
    return {
        "guild_id": channel.guild_id,
        "guild": {"id": channel.guild_id, "locale": objects.LOCALE, "features": []},
        "guild_locale": objects.LOCALE,
        "member": objects.member_object(user) | {"permissions": permissions},
        "context": _GUILD_CONTEXT,
        "authorizing_integration_owners": {"0": channel.guild_id},
    }
