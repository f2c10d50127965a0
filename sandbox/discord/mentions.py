"""Who a message really notifies: what its text names and `allowed_mentions` permits.

Source: https://discord.com/developers/docs/resources/message#allowed-mentions-object
"""

import re
from dataclasses import dataclass

from sandbox.discord import objects
from sandbox.discord.errors import Json, bad_field
from sandbox.discord.world import World

_USER = re.compile(r"<@!?([0-9]+)>")
_ROLE = re.compile(r"<@&([0-9]+)>")
_EVERYONE = re.compile(r"@(everyone|here)\b")


@dataclass(frozen=True)
class Mentions:
    users: list[Json]
    roles: list[str]
    everyone: bool


def permitted(
    world: World, content: str, allowed: Json | None, *, default: tuple[str, ...], may_everyone: bool
) -> Mentions:
    """The mentions of `content` that notify somebody. `default` is `parse` where nothing was said.

    Raises:
        ApiError: 50035 where `parse` and an explicit list exclude each other.
    """
    parse = list(default) if allowed is None else list(allowed.get("parse") or [])
    named_users = _named(allowed, "users", parse)
    named_roles = _named(allowed, "roles", parse)
    users = [found for found in _unique(_USER.findall(content)) if found in world.users]
    roles = _unique(_ROLE.findall(content))
    return Mentions(
        users=[objects.user_object(world.users[u]) for u in users if "users" in parse or u in named_users],
        roles=[role for role in roles if "roles" in parse or role in named_roles],
        everyone=may_everyone and "everyone" in parse and bool(_EVERYONE.search(content)),
    )


def _named(allowed: Json | None, kind: str, parse: list[str]) -> list[str]:
    named = [str(each) for each in (allowed or {}).get(kind) or []]
    if named and kind in parse:
        raise bad_field(
            ["allowed_mentions", kind],
            "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
            f'parse:["{kind}"] and {kind}: [ids...] are mutually exclusive.',
        )
    return named


def _unique(found: list[str]) -> list[str]:
    return list(dict.fromkeys(found))
