"""Modals: what a person typed into one, in the shape in which Discord sends it to the bot."""

from typing import Any

from sandbox.discord import commands
from sandbox.discord.components import ACTION_ROW, LABEL, STRING_SELECT, TEXT, TEXT_INPUT
from sandbox.discord.errors import Json
from sandbox.discord.options import ClientRefusalError, Typing

_USERS, _ROLES, _MENTIONABLES, _CHANNELS, _FILES = 5, 6, 7, 8, 19
_RADIO, _CHECKBOXES, _CHECKBOX = 21, 22, 23
_RESOLVED = {
    _USERS: commands.PERSON,
    _ROLES: commands.ROLE,
    _MENTIONABLES: commands.MENTIONABLE,
    _CHANNELS: commands.CHANNEL,
    _FILES: commands.ATTACHMENT,
}
_DEFAULT_MAX = 4000


def submitted_components(asked: list[Json], fields: dict[str, Any], typing: Typing) -> list[Json]:
    """The `components` of a modal submit.

    Raises:
        ClientRefusalError: for unknown fields, or where the client checks and a value is wrong.
    """
    known = {each["custom_id"] for each in _inputs(asked)}
    unknown = set(fields) - known
    if unknown and typing.checks:
        raise ClientRefusalError(f"no field {', '.join(sorted(unknown))}; there are {', '.join(sorted(known))}")
    return [_submitted(each, index + 1, fields, typing) for index, each in enumerate(asked)]


def _inputs(asked: list[Json]) -> list[Json]:
    inner = [each.get("component") for each in asked] + [
        part for each in asked for part in each.get("components") or []
    ]
    return [each for each in inner if each]


def _submitted(asked: Json, number: int, fields: dict[str, Any], typing: Typing) -> Json:
    body: Json = {"type": asked["type"], "id": asked.get("id") or number}
    if asked["type"] == ACTION_ROW:
        inner = [_value(each, number, fields, typing) for each in asked["components"]]
        return body | {"components": inner}
    if asked["type"] == LABEL:
        return body | {"component": _value(asked["component"], number, fields, typing)}
    return body if asked["type"] == TEXT else body | {"components": []}


def _value(asked: Json, number: int, fields: dict[str, Any], typing: Typing) -> Json:
    kind, custom_id = asked["type"], asked["custom_id"]
    body: Json = {"type": kind, "custom_id": custom_id, "id": asked.get("id") or number + 100}
    given = fields.get(custom_id, _preset(asked))
    if typing.checks:
        _check(asked, given)
    if kind in (TEXT_INPUT, _RADIO, _CHECKBOX):
        return body | {"value": given}
    values = given if isinstance(given, list) else [given]
    if kind in _RESOLVED:
        definition = {"name": "value", "type": _RESOLVED[kind]}
        values = [typing.options([definition], {"value": each})[0]["value"] for each in values]
    return body | {"values": values}


def _preset(asked: Json) -> Any:
    if asked["type"] == TEXT_INPUT:
        return asked.get("value") or ""
    if asked["type"] == _CHECKBOX:
        return bool(asked.get("default"))
    chosen = [each["value"] for each in asked.get("options") or [] if each.get("default")]
    return (chosen or [None])[0] if asked["type"] == _RADIO else chosen


def _check(asked: Json, given: Any) -> None:
    name = asked.get("label") or asked["custom_id"]
    required = asked.get("required") is not False
    if required and given in (None, "", []):
        raise ClientRefusalError(f"field {name} is required")
    if asked["type"] == TEXT_INPUT and given:
        low, high = asked.get("min_length") or 0, asked.get("max_length") or _DEFAULT_MAX
        if not low <= len(str(given)) <= high:
            raise ClientRefusalError(f"field {name} has {low} to {high} characters, not {len(str(given))}")
    if asked["type"] in (STRING_SELECT, _RADIO, _CHECKBOXES) and given:
        offered = [each["value"] for each in asked.get("options") or []]
        if any(each not in offered for each in (given if isinstance(given, list) else [given])):
            raise ClientRefusalError(f"field {name} offers {', '.join(offered)}")
