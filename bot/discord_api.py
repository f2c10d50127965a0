"""Where Discord is, and the few calls that bot and courier make alike. All of them mention nobody."""

from typing import cast

import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

# Easel never speaks; the warnings that discord.py's voice extras are missing would only worry people.
discord.VoiceClient.warn_nacl = False
discord.VoiceClient.warn_dave = False

NO_MENTIONS = discord.AllowedMentions.none()

# What Discord answers about a token or message that is gone for good: take another way, it is no failure.
UNKNOWN_MESSAGE = 10008
UNKNOWN_WEBHOOK = 10015
UNKNOWN_INTERACTION = 10062
ALREADY_ACKNOWLEDGED = 40060
TOO_LARGE = 40005
INVALID_WEBHOOK_TOKEN = 50027
CANNOT_REPLY = 160002  # without Read Message History

# Where Discord keeps files.
CDN_HOSTS = frozenset({"cdn.discordapp.com", "media.discordapp.net"})

_DEAD_TOKEN_CODES = frozenset({UNKNOWN_MESSAGE, UNKNOWN_WEBHOOK, UNKNOWN_INTERACTION, INVALID_WEBHOOK_TOKEN})
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _CONTENT_TOO_LARGE = 401, 403, 404, 413

# discord.py types the id as a number; Discord takes this name for the first answer to an interaction.
ORIGINAL = cast("int", "@original")


def use_api(url: str) -> None:
    """Send discord.py, webhooks included, to the REST API at `url`."""
    Route.BASE = url


def attachment_origins() -> frozenset[str]:
    """Where files may be fetched from: Discord's CDN, or, where the API is not Discord's own, exactly where that is."""
    api = yarl.URL(Route.BASE)
    if api.host != "discord.com":
        return frozenset({str(api.origin())})
    return frozenset(f"https://{host}" for host in CDN_HOSTS)


async def find_gateway(client: discord.Client) -> None:
    """Ask Discord where its gateway is.

    Raises:
        discord.GatewayNotFound: it does not say.
    """
    _shards, url, _limits = await client.http.get_bot_gateway()
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(url)


def answer_of(client: discord.Client, *, application_id: int, token: str) -> discord.Webhook:
    """The webhook behind an interaction's token; `edit_message(ORIGINAL, …)` changes the first answer."""
    return discord.Webhook.partial(application_id, token, client=client)


def message_of(client: discord.Client, *, channel_id: int, message_id: int) -> discord.PartialMessage:
    """A message of the bot, to be edited with the bot's token."""
    return client.get_partial_messageable(channel_id).get_partial_message(message_id)


def token_is_dead(error: discord.HTTPException) -> bool:
    """Whether the interaction's token opens nothing any more."""
    return error.status in (_UNAUTHORIZED, _NOT_FOUND) or error.code in _DEAD_TOKEN_CODES


def is_final(error: discord.HTTPException) -> bool:
    """Whether asking again can only annoy Discord, which counts refused requests."""
    return error.status in (_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND)


def is_too_large(error: discord.HTTPException) -> bool:
    """Whether the files exceed what this place takes."""
    return error.status == _CONTENT_TOO_LARGE or error.code == TOO_LARGE
