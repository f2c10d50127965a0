"""Permission bits that the sandbox knows by name.

Source: https://discord.com/developers/docs/topics/permissions
"""

BITS = {
    "ADMINISTRATOR": 1 << 3,
    "MANAGE_CHANNELS": 1 << 4,
    "MANAGE_GUILD": 1 << 5,
    "ADD_REACTIONS": 1 << 6,
    "VIEW_CHANNEL": 1 << 10,
    "SEND_MESSAGES": 1 << 11,
    "MANAGE_MESSAGES": 1 << 13,
    "EMBED_LINKS": 1 << 14,
    "ATTACH_FILES": 1 << 15,
    "READ_MESSAGE_HISTORY": 1 << 16,
    "MENTION_EVERYONE": 1 << 17,
    "USE_EXTERNAL_EMOJIS": 1 << 18,
    "USE_APPLICATION_COMMANDS": 1 << 31,
    "SEND_MESSAGES_IN_THREADS": 1 << 38,
}
ALL = sum(BITS.values())


def bits(names: list[str]) -> int:
    """The sum of named permissions.

    Raises:
        ValueError: for a name that is not in BITS.
    """
    unknown = [name for name in names if name not in BITS]
    if unknown:
        raise ValueError(f"unknown permissions {', '.join(unknown)}; known are {', '.join(sorted(BITS))}")
    return sum(BITS[name] for name in set(names))


MEMBER = bits(
    [
        "ADD_REACTIONS",
        "VIEW_CHANNEL",
        "SEND_MESSAGES",
        "EMBED_LINKS",
        "ATTACH_FILES",
        "READ_MESSAGE_HISTORY",
        "USE_EXTERNAL_EMOJIS",
        "USE_APPLICATION_COMMANDS",
        "SEND_MESSAGES_IN_THREADS",
    ]
)
BOT = MEMBER
OWNER = ALL
