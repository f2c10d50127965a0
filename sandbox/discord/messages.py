"""All messages of the world, by channel, with what the sandbox knows about them beyond Discord's object."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sandbox.discord.errors import Json, unknown_message
from sandbox.discord.world import Channel

EPHEMERAL = 1 << 6
LOADING = 1 << 7
LAYOUT_V2 = 1 << 15
NONCE_WINDOW = timedelta(minutes=5)


@dataclass
class Message:
    """`body` is Discord's object; `hidden` are attachments shown by an embed and so not listed."""

    body: Json
    channel_id: str
    ephemeral_to: str | None = None
    interaction_id: str | None = None
    source: str = "channel"
    edited_at: list[datetime] = field(default_factory=list)
    deleted_at: datetime | None = None
    hidden: list[Json] = field(default_factory=list)

    @property
    def id(self) -> str:
        return str(self.body["id"])

    @property
    def loading(self) -> bool:
        return bool(self.body["flags"] & LOADING)

    def for_control(self) -> Json:
        """The whole object, and under `sandbox` what only the sandbox knows."""
        return self.body | {
            "sandbox": {
                "ephemeral_to": self.ephemeral_to,
                "interaction_id": self.interaction_id,
                "source": self.source,
                "edits": len(self.edited_at),
                "edited_at": [moment.isoformat() for moment in self.edited_at],
                "deleted_at": self.deleted_at.isoformat() if self.deleted_at else None,
            }
        }


class Messages:
    """Messages by id, newest last, and the nonces of the last minutes."""

    def __init__(self) -> None:
        self._by_id: dict[str, Message] = {}
        self._nonces: dict[tuple[str, str], tuple[datetime, str]] = {}

    def add(self, message: Message, channel: Channel) -> None:
        self._by_id[message.id] = message
        if message.ephemeral_to is None:
            channel.last_message_id = message.id

    def get(self, message_id: str) -> Message | None:
        """The message, ephemeral or not, or None when it is unknown or deleted."""
        message = self._by_id.get(message_id)
        return message if message is not None and message.deleted_at is None else None

    def visible_to_bot(self, channel_id: str, message_id: str) -> Message:
        """What a bot-token route can reach: no ephemeral messages.

        Raises:
            ApiError: 10008.
        """
        message = self.get(message_id)
        if message is None or message.channel_id != channel_id or message.ephemeral_to is not None:
            raise unknown_message()
        return message

    def in_channel(self, channel_id: str, *, deleted: bool = False) -> list[Message]:
        """Newest last, with ephemeral ones; deleted ones only when asked for."""
        return [
            message
            for message in self._by_id.values()
            if message.channel_id == channel_id and (deleted or message.deleted_at is None)
        ]

    def remember_nonce(self, author_id: str, nonce: str, message: Message, now: datetime) -> None:
        self._nonces[author_id, nonce] = (now, message.id)

    def by_nonce(self, author_id: str, nonce: str, now: datetime) -> Message | None:
        """The message that this author sent with this nonce in the last minutes.

        Raises:
            ApiError: 10008 when it was sent and has been deleted since.
        """
        sent_at, message_id = self._nonces.get((author_id, nonce), (None, ""))
        if sent_at is None or now - sent_at > NONCE_WINDOW:
            return None
        message = self.get(message_id)
        if message is None:
            raise unknown_message()
        return message
