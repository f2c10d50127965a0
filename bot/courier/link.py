"""A logged-in discord.Client without gateway on an event loop of its own, for the courier's synchronous threads."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import TypeVar

import aiohttp
import discord
import structlog

from bot.discord_api import NO_MENTIONS

log = structlog.get_logger()

Answer = TypeVar("Answer")

_CALL_TIMEOUT_S = 150.0  # discord.py itself repeats a 5xx for up to 25 s and waits for rate limits
_CLOSE_TIMEOUT_S = 5.0


class DiscordAway(Exception):  # noqa: N818 - reads as the sentence "except DiscordAway"
    """Discord could not be reached, or answered with its own failure. Whether it acted is unknown."""


class DiscordLink:
    """Calls from any thread; logs in when first used and again after a failed login."""

    def __init__(self, token: str) -> None:
        self._token = token
        self._client: discord.Client | None = None
        self._loop = asyncio.new_event_loop()
        self._login = asyncio.Lock()
        self._thread = threading.Thread(target=self._loop.run_forever, name="discord", daemon=True)
        self._thread.start()

    def call(self, act: Callable[[discord.Client], Awaitable[Answer]]) -> Answer:
        """What `act` gives, run on the link's loop.

        Raises:
            DiscordAway: no connection, no login, a 5xx, a rate limit that would not end, or no answer in time.
            discord.HTTPException: Discord's refusal (4xx).
        """
        future = asyncio.run_coroutine_threadsafe(self._call(act), self._loop)
        try:
            return future.result(_CALL_TIMEOUT_S)
        except TimeoutError as error:
            future.cancel()
            raise DiscordAway("no answer in time") from error
        except discord.HTTPException as error:
            if _is_away(error):
                raise DiscordAway(f"status {error.status}") from error
            raise
        except (aiohttp.ClientError, OSError, discord.RateLimited) as error:
            raise DiscordAway(repr(error)) from error

    def close(self) -> None:
        """Log out and end the thread."""
        if self._client is not None:
            closing = asyncio.run_coroutine_threadsafe(self._client.close(), self._loop)
            closing.result(_CLOSE_TIMEOUT_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_CLOSE_TIMEOUT_S)
        self._loop.close()

    async def _call(self, act: Callable[[discord.Client], Awaitable[Answer]]) -> Answer:
        async with self._login:
            if self._client is None:
                self._client = await self._logged_in()
        return await act(self._client)

    async def _logged_in(self) -> discord.Client:
        client = discord.Client(intents=discord.Intents(guilds=True), allowed_mentions=NO_MENTIONS, max_messages=None)
        try:
            await client.login(self._token)
        except discord.LoginFailure as error:
            await client.close()
            log.warning("discord refuses DISCORD_TOKEN; put a fresh one into .env and start the courier again")
            raise DiscordAway("DISCORD_TOKEN is refused") from error
        except BaseException:
            await client.close()
            raise
        return client


def _is_away(error: discord.HTTPException) -> bool:
    # 429 comes out of discord.py only as a suspected ban by Discord's proxy, or after five tries.
    return error.status >= 500 or error.status == 429  # noqa: PLR2004 - HTTP's numbers
