"""The world as Discord's JSON objects."""

from sandbox.discord import permissions
from sandbox.discord.errors import Json
from sandbox.discord.world import (
    APPLICATION_ID,
    BOT_ROLE_ID,
    OWNER_ID,
    Channel,
    Guild,
    User,
    World,
)

JOINED_AT = "2024-01-01T00:00:00+00:00"
LOCALE = "en-US"
_BOT_PUBLIC_FLAGS = 1 << 16  # a verified bot


def user_object(user: User) -> Json:
    body: Json = {
        "id": user.id,
        "username": user.name,
        "discriminator": "0000" if user.bot else "0",
        "global_name": None if user.bot else user.display_name,
        "avatar": None,
        "public_flags": _BOT_PUBLIC_FLAGS if user.bot else 0,
        "flags": _BOT_PUBLIC_FLAGS if user.bot else 0,
        "banner": None,
        "accent_color": None,
        "avatar_decoration_data": None,
        "collectibles": None,
        "primary_guild": None,
    }
    return body | {"bot": True} if user.bot else body


def own_user_object(user: User) -> Json:
    return user_object(user) | {"mfa_enabled": True, "locale": LOCALE, "verified": True, "email": None}


def member_object(user: User) -> Json:
    return {
        "user": user_object(user),
        "nick": None,
        "avatar": None,
        "banner": None,
        "avatar_decoration_data": None,
        "collectibles": None,
        "roles": [BOT_ROLE_ID] if user.bot else [],
        "joined_at": JOINED_AT,
        "premium_since": None,
        "communication_disabled_until": None,
        "pending": False,
        "deaf": False,
        "mute": False,
        "flags": 0,
    }


def channel_object(world: World, channel: Channel) -> Json:
    if channel.is_direct:
        return _direct_channel_object(world, channel)
    if channel.is_thread:
        return _thread_object(channel)
    position = [each.id for each in world.guild_channels(channel.guild_id or "")].index(channel.id)
    return {
        "id": channel.id,
        "type": channel.type,
        "guild_id": channel.guild_id,
        "name": channel.name,
        "topic": channel.topic,
        "position": position,
        "nsfw": channel.nsfw,
        "flags": 0,
        "parent_id": None,
        "last_message_id": channel.last_message_id,
        "rate_limit_per_user": 0,
        "permission_overwrites": _overwrites(channel),
    }


def _direct_channel_object(world: World, channel: Channel) -> Json:
    recipient = world.users[channel.recipient_id or ""]
    return {
        "id": channel.id,
        "type": channel.type,
        "flags": 0,
        "last_message_id": channel.last_message_id,
        "recipients": [user_object(recipient)],
    }


def _thread_object(thread: Channel) -> Json:
    return {
        "id": thread.id,
        "type": thread.type,
        "guild_id": thread.guild_id,
        "parent_id": thread.parent.id if thread.parent else None,
        "owner_id": OWNER_ID,
        "name": thread.name,
        "flags": 0,
        "last_message_id": thread.last_message_id,
        "message_count": 0,
        "total_message_sent": 0,
        "member_count": 1,
        "rate_limit_per_user": 0,
        "thread_metadata": {
            "archived": False,
            "archive_timestamp": JOINED_AT,
            "auto_archive_duration": 4320,
            "locked": False,
        },
    }


def _overwrites(channel: Channel) -> list[Json]:
    if not channel.denied_to_bot:
        return []
    return [{"id": APPLICATION_ID, "type": 1, "allow": "0", "deny": str(channel.denied_to_bot)}]


def page_world(world: World) -> Json:
    """People and channels as the web page draws them: also direct channels have a name."""
    return {
        "users": [user_object(user) for user in world.users.values()],
        "channels": [
            channel_object(world, each) | {"name": each.name, "recipient_id": each.recipient_id}
            for each in world.channels.values()
        ],
    }


def partial_channel_object(world: World, channel: Channel, user: User) -> Json:
    """The channel inside an interaction, with the permissions of the person who acted."""
    body = channel_object(world, channel)
    body.pop("permission_overwrites", None)
    return body | {"permissions": str(world.user_permissions(user))}


def _role(role_id: str, name: str, bits: int, *, position: int, bot: bool) -> Json:
    role: Json = {
        "id": role_id,
        "name": name,
        "permissions": str(bits),
        "position": position,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "managed": bot,
        "mentionable": False,
        "icon": None,
        "unicode_emoji": None,
        "flags": 0,
    }
    return role | {"tags": {"bot_id": APPLICATION_ID}} if bot else role


def role_objects(guild: Guild) -> list[Json]:
    return [
        _role(guild.id, "@everyone", permissions.MEMBER, position=0, bot=False),
        _role(BOT_ROLE_ID, "Easel", permissions.BOT, position=1, bot=True),
    ]


def guild_object(world: World, guild: Guild) -> Json:
    return {
        "id": guild.id,
        "name": guild.name,
        "icon": None,
        "description": "A studio with a robot that paints",
        "home_header": None,
        "splash": None,
        "discovery_splash": None,
        "features": [],
        "banner": None,
        "owner_id": OWNER_ID,
        "application_id": None,
        "region": "rotterdam",
        "afk_channel_id": None,
        "afk_timeout": 300,
        "system_channel_id": world.guild_channels(guild.id)[0].id,
        "system_channel_flags": 0,
        "widget_enabled": False,
        "widget_channel_id": None,
        "verification_level": 0,
        "roles": role_objects(guild),
        "default_message_notifications": 1,
        "mfa_level": 0,
        "explicit_content_filter": 0,
        "max_presences": None,
        "max_members": 500_000,
        "max_stage_video_channel_users": 50,
        "max_video_channel_users": 25,
        "vanity_url_code": None,
        "premium_tier": 0,
        "premium_subscription_count": 0,
        "preferred_locale": LOCALE,
        "rules_channel_id": None,
        "safety_alerts_channel_id": None,
        "public_updates_channel_id": None,
        "premium_progress_bar_enabled": False,
        "nsfw": False,
        "nsfw_level": 0,
        "emojis": [],
        "stickers": [],
        "incidents_data": None,
    }


def guild_create_event(world: World, guild: Guild) -> Json:
    people = [user for user in world.users.values() if user.bot]
    return guild_object(world, guild) | {
        "joined_at": JOINED_AT,
        "large": False,
        "unavailable": False,
        "member_count": len(world.users),
        "voice_states": [],
        "members": [member_object(user) for user in people],
        "channels": [channel_object(world, channel) for channel in world.guild_channels(guild.id)],
        "threads": [channel_object(world, thread) for thread in world.threads(guild.id)],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }


def application_object(world: World) -> Json:
    return {
        "id": APPLICATION_ID,
        "name": world.bot.display_name,
        "icon": None,
        "description": "Paints what you describe",
        "type": None,
        "bot": user_object(world.bot),
        "bot_public": True,
        "bot_require_code_grant": False,
        "verify_key": "0" * 64,
        "flags": 0,
        "flags_new": "0",
        "redirect_uris": [],
        "interactions_endpoint_url": None,
        "role_connections_verification_url": None,
        "owner": user_object(world.users[OWNER_ID]),
        "team": None,
        "approximate_guild_count": len(world.guilds),
        "approximate_user_install_count": 0,
        "approximate_user_authorization_count": 0,
        "explicit_content_filter": 0,
        "eligible_oauth2_scopes": ["bot", "applications.commands"],
        "integration_types_config": {"0": {}},
    }
