"""Who and what there is: the guilds, their channels and the people. Pure state, rendered by `objects`."""

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
THREAD = 11
FORUM = 15
CHANNEL_KINDS = {"text": GUILD_TEXT, "thread": THREAD, "forum": FORUM}
_FIRST_MEMBER_ID = 1100000000000001000
_FIRST_NAMED_ID = 1100000000000100000
_SHARD_BITS = 22
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


@dataclass(frozen=True)
class Guild:
    """A server that the bot is in; all have the same people and roles."""

    id: str
    name: str


@dataclass
class Channel:
    """A channel of a guild, or a direct-message channel with one recipient and no guild.

    A thread, or a post in a forum, has a parent; its rights, and whether it is age-restricted, are that one's.
    """

    id: str
    name: str
    topic: str = ""
    nsfw: bool = False
    type: int = GUILD_TEXT
    guild_id: str | None = GUILD_ID
    recipient_id: str | None = None
    denied_to_bot: int = 0
    last_message_id: str | None = None
    parent: "Channel | None" = None

    @property
    def is_direct(self) -> bool:
        return self.type == DIRECT

    @property
    def is_thread(self) -> bool:
        return self.type == THREAD

    def bot_permissions(self) -> int:
        return permissions.BOT & ~(self.parent or self).denied_to_bot

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
    guilds: dict[str, Guild] = field(default_factory=lambda: {GUILD_ID: Guild(GUILD_ID, GUILD_NAME)})

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
            self.channels[channel_id] = Channel(
                channel_id, f"dm-{user.name}", type=DIRECT, guild_id=None, recipient_id=user.id
            )
        return self.channels[channel_id]

    def add_guild(self, guild: Guild, channel: Channel) -> None:
        """One more guild, with its first channel; before the bot connects."""
        self.guilds[guild.id] = guild
        self.channels[channel.id] = channel

    def open_channel(self, channel: Channel) -> None:
        """One more channel, thread or forum.

        Raises:
            ValueError: its name is taken, a thread has no parent, or something else has one.
        """
        if any(each.name == channel.name for each in self.channels.values()):
            raise ValueError(f"there is a channel {channel.name!r} already")
        if channel.is_thread == (channel.parent is None) or (channel.parent and channel.parent.is_thread):
            raise ValueError("a thread, and nothing else, has a parent: a text channel or a forum")
        self.channels[channel.id] = channel

    def guild_channels(self, guild_id: str) -> list[Channel]:
        """Without threads, as Discord lists them."""
        return [each for each in self.channels.values() if each.guild_id == guild_id and not each.is_thread]

    def threads(self, guild_id: str) -> list[Channel]:
        return [each for each in self.channels.values() if each.guild_id == guild_id and each.is_thread]

    def user_permissions(self, user: User) -> int:
        return permissions.OWNER if user.id == OWNER_ID else permissions.MEMBER


def shard_of(guild_id: str | None, count: int) -> int:
    """Which of `count` gateway connections hears of a guild, or of direct channels (None).

    Source: https://discord.com/developers/docs/events/gateway#sharding
    """
    return (int(guild_id) >> _SHARD_BITS) % count if guild_id else 0


def _display_name(name: str) -> str:
    return name.replace("-", " ").replace("_", " ").title()
