"""The courier's sentences to Discord: change the status message, create one with a nonce, look whether it is there."""

import io
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import cast

import discord
import structlog

from bot.courier.ladder import DEFAULT_LIMIT_BYTES, NamedFile
from bot.courier.link import DiscordAway, DiscordLink
from bot.discord_api import (
    CANNOT_REPLY,
    NO_MENTIONS,
    ORIGINAL,
    UNKNOWN_MESSAGE,
    answer_of,
    is_too_large,
    message_of,
    token_is_dead,
)

log = structlog.get_logger()

# Called on the link's event loop, where discord.py wants its views made.
MakeView = Callable[[], discord.ui.View]

_HISTORY = 400
_CLOCKS_DIFFER = timedelta(seconds=30)


class TokenDead(Exception):  # noqa: N818 - reads as the sentence "except TokenDead"
    """The interaction's token opens nothing any more: take the channel's way."""


class ChannelClosed(Exception):  # noqa: N818 - as above
    """The bot may not write there, or there is no such channel."""


class TooLarge(Exception):  # noqa: N818 - as above
    """Discord takes no files of this size here."""


class Messenger:
    """Each method raises `DiscordAway` where it is uncertain whether Discord acted."""

    def __init__(self, link: DiscordLink) -> None:
        self._link = link

    def edit_original(
        self,
        *,
        application_id: int,
        token: str,
        content: str,
        files: Sequence[NamedFile] = (),
        alt_text: str = "",
        make_view: MakeView | None = None,
    ) -> int:
        """Replace text, files and buttons of the first answer; repeating it is harmless. Returns the message's id.

        Raises:
            TokenDead: the token is over.
            TooLarge: the files are.
        """

        async def edit(client: discord.Client) -> int:
            webhook = answer_of(client, application_id=application_id, token=token)
            message = await webhook.edit_message(
                ORIGINAL,
                content=content,
                attachments=_attached(files, alt_text),
                view=None if make_view is None else make_view(),
                allowed_mentions=NO_MENTIONS,
            )
            return message.id

        try:
            return self._link.call(edit)
        except discord.HTTPException as error:
            if is_too_large(error):
                raise TooLarge from error
            if token_is_dead(error):
                raise TokenDead(f"{error.status}/{error.code}") from error
            raise

    def create(
        self,
        *,
        channel_id: int,
        content: str,
        nonce: str,
        user_id: int,
        reply_to: int | None = None,
        files: Sequence[NamedFile] = (),
        alt_text: str = "",
        make_view: MakeView | None = None,
    ) -> int:
        """A new message that pings `user_id` alone; within minutes the same nonce gives the same message.

        It answers the message `reply_to` where that still exists and the bot may read the history.

        Returns:
            Its id; 0 where Discord knows the nonce and somebody has deleted the message since.

        Raises:
            ChannelClosed: the bot may not, or cannot any more.
            TooLarge: the files are.
        """

        async def send(client: discord.Client) -> int:
            mentions = discord.AllowedMentions(
                everyone=False, roles=False, replied_user=False, users=[discord.Object(user_id)]
            )
            channel = client.get_partial_messageable(channel_id)
            answered = None if reply_to is None else _reference(channel_id, reply_to)
            message = await channel.send(
                content,
                files=_attached(files, alt_text),
                nonce=nonce,
                view=cast("discord.ui.View", None if make_view is None else make_view()),  # typed as never None
                allowed_mentions=mentions,
                reference=cast("discord.MessageReference", answered),  # typed as required, documented as optional
            )
            return message.id

        try:
            return self._link.call(send)
        except discord.HTTPException as error:
            if error.code == CANNOT_REPLY and reply_to is not None:
                return self.create(
                    channel_id=channel_id,
                    content=content,
                    nonce=nonce,
                    user_id=user_id,
                    files=files,
                    alt_text=alt_text,
                    make_view=make_view,
                )
            if error.code == UNKNOWN_MESSAGE:
                return 0
            if is_too_large(error):
                raise TooLarge from error
            if isinstance(error, discord.Forbidden | discord.NotFound):
                raise ChannelClosed(f"{error.status}/{error.code}") from error
            raise

    def find(self, *, channel_id: int, job_id: str, since: datetime, but_not: int | None) -> int | None:
        """Our message about a job among the newest of a channel since a moment; None where there is none to see."""

        async def look(client: discord.Client) -> int | None:
            channel = client.get_partial_messageable(channel_id)
            async for message in channel.history(limit=_HISTORY, after=since - _CLOCKS_DIFFER, oldest_first=True):
                own = client.user is not None and message.author.id == client.user.id
                if own and message.id != but_not and _is_about(message, job_id):
                    return message.id
            return None

        try:
            return self._link.call(look)
        except discord.HTTPException as error:
            log.info("history cannot be read", channel_id=channel_id, status=error.status, code=error.code)
            return None

    def shrink(self, *, channel_id: int, message_id: int, content: str) -> None:
        """Make one line of an old status message, without its preview; where that is refused it stays as it is."""

        async def edit(client: discord.Client) -> None:
            message = message_of(client, channel_id=channel_id, message_id=message_id)
            await message.edit(content=content, attachments=[], view=None, allowed_mentions=NO_MENTIONS)

        try:
            self._link.call(edit)
        except (discord.HTTPException, DiscordAway) as error:
            log.info("old status message stays", message_id=message_id, error=str(error))

    def direct_channel(self, user_id: int) -> int:
        """The channel of our direct messages with a member.

        Raises:
            ChannelClosed: Discord knows no such member, or does not let us write to them.
        """

        async def ask(client: discord.Client) -> int:
            return (await client.create_dm(discord.Object(user_id))).id

        try:
            return self._link.call(ask)
        except discord.HTTPException as error:
            raise ChannelClosed(f"{error.status}/{error.code}") from error

    def upload_limit_bytes(self, guild_id: int | None) -> int:
        """What the bot's own messages may carry per file: the guild's limit, not the user's."""
        if guild_id is None:
            return DEFAULT_LIMIT_BYTES

        async def ask(client: discord.Client) -> int:
            return (await client.fetch_guild(guild_id, with_counts=False)).filesize_limit

        try:
            return self._link.call(ask)
        except discord.HTTPException:
            return DEFAULT_LIMIT_BYTES


def _reference(channel_id: int, message_id: int) -> discord.MessageReference:
    return discord.MessageReference(message_id=message_id, channel_id=channel_id, fail_if_not_exists=False)


def _attached(files: Sequence[NamedFile], alt_text: str) -> list[discord.File]:
    return [
        discord.File(io.BytesIO(file.data), filename=file.name, description=file.description or alt_text or None)
        for file in files
    ]


def _is_about(message: discord.Message, job_id: str) -> bool:
    return job_id in message.content or any(job_id in attachment.filename for attachment in message.attachments)
