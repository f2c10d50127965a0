"""Slash-command options as Discord's client would send them: typed, checked and resolved."""

import base64
import binascii
from dataclasses import dataclass, field
from typing import Any

from sandbox.discord import commands, objects
from sandbox.discord.attachments import Upload
from sandbox.discord.errors import Json
from sandbox.discord.state import State
from sandbox.discord.world import User

_MAX_STRING = 6000


class ClientRefusalError(ValueError):
    """The person's client would not have sent this. The message says why and what would be right."""


@dataclass
class Typing:
    """What turns values into options: the state, the command's channel, and how strict the client is.

    `focused` names the option that is being typed (autocomplete); then nothing else is required.
    """

    state: State
    channel_id: str
    checks: bool = True
    focused: str | None = None
    resolved: Json = field(default_factory=dict)

    def options(self, definitions: list[Json], values: dict[str, Any]) -> list[Json]:
        """The `options` of an interaction for one level of a command.

        Raises:
            ClientRefusalError: where the client checks and something is wrong.
        """
        known = {definition["name"]: definition for definition in definitions}
        unknown = [name for name in values if name not in known]
        if unknown and self.checks:
            raise ClientRefusalError(f"no option {', '.join(unknown)}; there are {', '.join(known) or 'none'}")
        self._require(definitions, values)
        sent = [self._option(known[name], values[name]) for name in known if values.get(name) is not None]
        return sent + [{"name": name, "type": commands.STRING, "value": values[name]} for name in unknown]

    def _require(self, definitions: list[Json], values: dict[str, Any]) -> None:
        if not self.checks or self.focused is not None:
            return
        missing = [d["name"] for d in definitions if d.get("required") and values.get(d["name"]) in (None, "")]
        if missing:
            raise ClientRefusalError(f"option {', '.join(missing)} is required")

    def _option(self, definition: Json, value: Any) -> Json:
        name, kind = definition["name"], definition["type"]
        option: Json = {"name": name, "type": kind}
        if name == self.focused:
            return option | {"value": str(value), "focused": True}
        if kind in (commands.PERSON, commands.CHANNEL, commands.ROLE, commands.MENTIONABLE, commands.ATTACHMENT):
            return option | {"value": self._resolve(kind, value)}
        if self.checks:
            value = _typed(definition, value)
            _check_range(definition, value, partial=self.focused is not None)
        return option | {"value": value}

    def _resolve(self, kind: int, value: Any) -> str:
        if kind == commands.ATTACHMENT:
            return self._resolve_attachment(value)
        if kind == commands.CHANNEL:
            channel = self.state.world.channel(str(value))
            body = objects.channel_object(self.state.world, channel) | {"permissions": "0"}
            self._note("channels", channel.id, body)
            return channel.id
        guild = self.state.world.guilds.get(self.state.world.channels[self.channel_id].guild_id or "")
        roles = {role["id"]: role for role in objects.role_objects(guild)} if guild else {}
        if str(value) in roles:
            self._note("roles", str(value), roles[str(value)])
            return str(value)
        return self.resolve_user(self.state.world.person(str(value)))

    def resolve_user(self, user: User) -> str:
        member = objects.member_object(user)
        member.pop("user")
        permissions = str(self.state.world.user_permissions(user))
        self._note("users", user.id, objects.user_object(user))
        self._note("members", user.id, member | {"permissions": permissions})
        return user.id

    def _resolve_attachment(self, value: Any) -> str:
        body = self.state.attachments.save(upload_of(value), self.channel_id, description=None, ephemeral=True)
        self._note("attachments", body["id"], body)
        return str(body["id"])

    def _note(self, kind: str, object_id: str, body: Json) -> None:
        self.resolved.setdefault(kind, {})[object_id] = body


def upload_of(value: Any, index: int = 0) -> Upload:
    """A file as the control API takes it.

    Raises:
        ClientRefusalError: where it is none.
    """
    if not isinstance(value, dict):
        raise ClientRefusalError('an attachment is {"filename": ..., "data": base64, "content_type": ...}')
    try:
        data = base64.b64decode(value.get("data", ""), validate=True)
    except (binascii.Error, TypeError) as error:
        raise ClientRefusalError(f"the attachment's data is no base64: {error}") from error
    return Upload(index, str(value.get("filename", "file")), str(value.get("content_type", "")), data)


def _typed(definition: Json, value: Any) -> Any:
    name, kind = definition["name"], definition["type"]
    try:
        match kind:
            case commands.INTEGER:
                return _whole(value)
            case commands.NUMBER:
                return float(value)
            case commands.BOOLEAN:
                return {"true": True, "false": False}[str(value).lower()]
            case _:
                return str(value)
    except (ValueError, TypeError, KeyError) as error:
        wanted = {commands.INTEGER: "a whole number", commands.NUMBER: "a number"}.get(kind, "true or false")
        raise ClientRefusalError(f"option {name} wants {wanted}, not {value!r}") from error


def _whole(value: Any) -> int:
    if isinstance(value, bool) or float(value) != int(value):
        raise ValueError(value)
    return int(value)


def _check_range(definition: Json, value: Any, *, partial: bool) -> None:
    if partial:
        return
    name = definition["name"]
    choices = definition.get("choices") or []
    if choices and value not in [choice["value"] for choice in choices]:
        offered = ", ".join(str(choice["value"]) for choice in choices)
        raise ClientRefusalError(f"option {name} offers {offered}, not {value!r}")
    low, high = definition.get("min_value"), definition.get("max_value")
    measured: float = value if isinstance(value, int | float) else 0
    if isinstance(value, str):
        low, high = definition.get("min_length"), definition.get("max_length", _MAX_STRING)
        measured = len(value)
    if (low is not None and measured < low) or (high is not None and measured > high):
        unit = " characters" if isinstance(value, str) else ""
        raise ClientRefusalError(f"option {name} must be {low if low is not None else 'up'} to {high}{unit}")


def nested(command: Json, path: list[str], typing: Typing, values: dict[str, Any]) -> list[Json]:
    """Options of a command, wrapped in the sub-commands that `path` names.

    Raises:
        ClientRefusalError: for a sub-command that is not there, or missing where one is needed.
    """
    definitions = command.get("options") or []
    subcommands = {d["name"]: d for d in definitions if d["type"] in (commands.SUBCOMMAND, commands.GROUP)}
    if not path:
        if subcommands:
            raise ClientRefusalError(f"/{command['name']} needs one of {', '.join(subcommands)}")
        return typing.options(definitions, values)
    inner = subcommands.get(path[0])
    if inner is None:
        raise ClientRefusalError(f"{command['name']} has no sub-command {path[0]!r}")
    wrapped = nested(inner, path[1:], typing, values)
    return [{"name": inner["name"], "type": inner["type"], "options": wrapped}]


def guild_scope(command: Json) -> Json:
    """The `guild_id` that command data carries when the command belongs to a guild."""
    return {"guild_id": command["guild_id"]} if "guild_id" in command else {}
