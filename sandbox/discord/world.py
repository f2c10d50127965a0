"""Who and what there is: one guild, its channels and its people. Pure state, rendered by `objects`."""

import re
from dataclasses import dataclass, field

from sandbox.discord import permissions

APPLICATION_ID = "1100000000000000001"
GUILD_ID = "1100000000000000100"
GUILD_NAME = "Easel Studio"
BOT_ROLE_ID = "1100000000000000150"
OWNER_ID = "1100000000000001000"
GUILD_TEXT = 0
DIRECT = 1
_FIRST_MEMBER_ID = 1100000000000001000
_FIRST_NAMED_ID = 1100000000000100000
_MEMBER_NAME = re.compile(r"member-([1-9][0-9]{0,3})")
_USER_NAME = re.compile(r"[a-z0-9._-]{2,32}")


@dataclass
class User:
    """A person or the bot. `name` is the handle that the control API uses."""

    id: str
    name: str
    display_name: str
    bot: bool = False
    locale: str = "en-US"


@dataclass
class Channel:
    """A text channel of the guild, or a direct-message channel with one recipient."""

    id: str
    name: str
    topic: str = ""
    nsfw: bool = False
    type: int = GUILD_TEXT
    recipient_id: str | None = None
    denied_to_bot: int = 0
    last_message_id: str | None = None

    @property
    def is_direct(self) -> bool:
        return self.type == DIRECT

    def bot_permissions(self) -> int:
        return permissions.BOT & ~self.denied_to_bot

    def bot_may(self, name: str) -> bool:
        return bool(self.bot_permissions() & permissions.BITS[name])


def _first_channels() -> list[Channel]:
    return [
        Channel("1100000000000000200", "general", "Say hello, try a command"),
        Channel("1100000000000000201", "studio", "Finished pictures live here"),
        Channel("1100000000000000202", "after-dark", "Age-restricted", nsfw=True),
        Channel(
            "1100000000000000203",
            "locked",
            "The bot may neither look in here nor write",
            denied_to_bot=permissions.bits(["VIEW_CHANNEL", "SEND_MESSAGES"]),
        ),
    ]


@dataclass
class World:
    """Everything that exists before anybody says anything; people appear when they are first named."""

    bot: User = field(default_factory=lambda: User(APPLICATION_ID, "easel", "Easel", bot=True))
    users: dict[str, User] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)

    def __post_init__(self) -> None:
        owner = User(OWNER_ID, "owner", "Owner")
        self.users = {self.bot.id: self.bot, owner.id: owner}
        self.channels = {channel.id: channel for channel in _first_channels()}
        for name in ("member-1", "member-2"):
            self.person(name)

    def person(self, name_or_id: str) -> User:
        """The user of this name or id; a new name makes a new member.

        Raises:
            ValueError: for a name that Discord would not accept.
        """
        for user in self.users.values():
            if name_or_id in (user.id, user.name):
                return user
        if not _USER_NAME.fullmatch(name_or_id):
            raise ValueError(f"{name_or_id!r} is no user name: 2 to 32 of a-z, 0-9, dot, dash, underscore")
        user = User(self._id_for(name_or_id), name_or_id, _display_name(name_or_id))
        self.users[user.id] = user
        return user

    def _id_for(self, name: str) -> str:
        member = _MEMBER_NAME.fullmatch(name)
        if member:
            return str(_FIRST_MEMBER_ID + int(member.group(1)))
        return str(_FIRST_NAMED_ID + len(self.users))

    def channel(self, name_or_id: str) -> Channel:
        """The channel of this name (with or without #) or id.

        Raises:
            ValueError: when there is none.
        """
        wanted = name_or_id.removeprefix("#")
        for channel in self.channels.values():
            if wanted in (channel.id, channel.name):
                return channel
        names = ", ".join(channel.name for channel in self.channels.values())
        raise ValueError(f"no channel {name_or_id!r}; there are {names}")

    def direct_channel(self, user: User) -> Channel:
        """The bot's direct-message channel with this user, made when first asked for."""
        channel_id = str(int(user.id) + 5_000_000)
        if channel_id not in self.channels:
            self.channels[channel_id] = Channel(channel_id, f"dm-{user.name}", type=DIRECT, recipient_id=user.id)
        return self.channels[channel_id]

    def guild_channels(self) -> list[Channel]:
        return [channel for channel in self.channels.values() if not channel.is_direct]

    def user_permissions(self, user: User) -> int:
        return permissions.OWNER if user.id == OWNER_ID else permissions.MEMBER


def _display_name(name: str) -> str:
    return name.replace("-", " ").replace("_", " ").title()
