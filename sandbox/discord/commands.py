"""Application commands as the bot published them, checked by Discord's rules beyond the schema.

Source: https://discord.com/developers/docs/interactions/application-commands
"""

import re

from sandbox.discord.components import without_nulls
from sandbox.discord.errors import ApiError, FieldErrors, Json, invalid_form
from sandbox.discord.snowflake import Snowflakes
from sandbox.discord.world import APPLICATION_ID

CHAT_INPUT, USER, MESSAGE = 1, 2, 3
SUBCOMMAND, GROUP, STRING, INTEGER, BOOLEAN, PERSON = 1, 2, 3, 4, 5, 6
CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT = 7, 8, 9, 10, 11
_NAME = re.compile(r"[-_'\w\u0900-\u097f\u0e00-\u0e7f]{1,32}")
_MAX_CHARACTERS = 8000
_MAX_OF_TYPE = {CHAT_INPUT: 100, USER: 15, MESSAGE: 15}
_TYPED_CHOICES: dict[int, tuple[type, ...]] = {STRING: (str,), INTEGER: (int,), NUMBER: (int, float)}


class Commands:
    """Published commands, globally (None) and by guild."""

    def __init__(self, snowflakes: Snowflakes) -> None:
        self._snowflakes = snowflakes
        self._scopes: dict[str | None, list[Json]] = {}

    def in_scope(self, guild_id: str | None) -> list[Json]:
        return list(self._scopes.get(guild_id, []))

    def all(self) -> list[Json]:
        return [command for scope in self._scopes.values() for command in scope]

    def overwrite(self, guild_id: str | None, wanted: list[Json]) -> list[Json]:
        """Replaces all commands of a scope; a command of the same name and type keeps its id.

        Raises:
            ApiError: 50035 with every broken rule; then nothing is replaced.
        """
        check(wanted)
        before = {(each["type"], each["name"]): each["id"] for each in self.in_scope(guild_id)}
        self._scopes[guild_id] = [
            self._stored(each, guild_id, before.get((each.get("type") or CHAT_INPUT, each["name"]))) for each in wanted
        ]
        return self.in_scope(guild_id)

    def put_one(self, guild_id: str | None, wanted: Json) -> Json:
        """Creates a command, or replaces the one of the same name and type."""
        key = (wanted.get("type") or CHAT_INPUT, wanted.get("name"))
        others = [each for each in self.in_scope(guild_id) if (each["type"], each["name"]) != key]
        return self.overwrite(guild_id, [*others, wanted])[-1]

    def remove(self, guild_id: str | None, command_id: str) -> bool:
        before = self.in_scope(guild_id)
        self._scopes[guild_id] = [each for each in before if each["id"] != command_id]
        return len(before) > len(self._scopes[guild_id])

    def _stored(self, wanted: Json, guild_id: str | None, known_id: str | None) -> Json:
        permissions = wanted.get("default_member_permissions")
        stored: Json = {
            "id": known_id or self._snowflakes.next(),
            "application_id": APPLICATION_ID,
            "version": self._snowflakes.next(),
            "type": wanted.get("type") or CHAT_INPUT,
            "name": wanted["name"],
            "name_localizations": wanted.get("name_localizations"),
            "description": wanted.get("description") or "",
            "description_localizations": wanted.get("description_localizations"),
            "default_member_permissions": None if permissions is None else str(permissions),
            "nsfw": bool(wanted.get("nsfw")),
            "integration_types": wanted.get("integration_types") or [0],
            "contexts": wanted.get("contexts"),
        }
        if guild_id is not None:
            return stored | {"guild_id": guild_id} | _stored_options(wanted)
        return stored | {"dm_permission": wanted.get("dm_permission") is not False} | _stored_options(wanted)

    def named(
        self, name: str, guild_id: str | None, kinds: tuple[int, ...] = (CHAT_INPUT, USER, MESSAGE)
    ) -> Json | None:
        """The command of this name in a guild, or in a direct channel (None); one of the guild hides a global one."""
        for command in [*(self.in_scope(guild_id) if guild_id else []), *self.in_scope(None)]:
            if command["name"] == name and command["type"] in kinds:
                return command
        return None


def _stored_options(wanted: Json) -> Json:
    options = wanted.get("options")
    return {"options": [_without_nulls(option) for option in options]} if options else {}


def _without_nulls(option: Json) -> Json:
    kept: Json = without_nulls(option)
    if "options" in kept:
        kept["options"] = [_without_nulls(inner) for inner in kept["options"]]
    return {key: value for key, value in kept.items() if key not in ("choices", "options") or value}


def check(wanted: list[Json]) -> None:
    """The rules for a whole scope.

    Raises:
        ApiError: 50035 with every broken rule, or 30032 for too many commands.
    """
    errors: FieldErrors = []
    seen: set[tuple[int, str]] = set()
    for index, command in enumerate(wanted):
        kind = command.get("type") or CHAT_INPUT
        if (kind, command["name"]) in seen:
            text = "Application command names must be unique"
            errors.append(([index, "name"], "APPLICATION_COMMANDS_DUPLICATE_NAME", text))
        seen.add((kind, command["name"]))
        errors.extend(([index, *path], code, text) for path, code, text in _command_errors(command, kind))
    if errors:
        raise invalid_form(errors)
    for kind, limit in _MAX_OF_TYPE.items():
        if sum(each.get("type", CHAT_INPUT) == kind for each in wanted) > limit:
            raise ApiError(400, 30032, f"Maximum number of application commands reached ({limit}).")


def _command_errors(command: Json, kind: int) -> FieldErrors:
    if kind != CHAT_INPUT:
        if command.get("description") or command.get("options"):
            text = "Context menu commands have neither description nor options"
            return [(["description"], "APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION_SET", text)]
        return []
    errors = _name_errors(command["name"])
    if not command.get("description"):
        errors.append((["description"], "BASE_TYPE_REQUIRED", "This field is required"))
    if characters(command) > _MAX_CHARACTERS:
        text = f"Command exceeds maximum size ({_MAX_CHARACTERS})"
        errors.append(([], "APPLICATION_COMMAND_TOO_LARGE", text))
    return errors + _option_list_errors(command.get("options") or [], depth=0)


def _name_errors(name: str) -> FieldErrors:
    if _NAME.fullmatch(name) and name == name.lower():
        return []
    text = "Name is invalid: 1 to 32 lower-case letters, digits, dash or underscore"
    return [(["name"], "APPLICATION_COMMAND_INVALID_NAME", text)]


def _option_list_errors(options: list[Json], *, depth: int) -> FieldErrors:
    errors: FieldErrors = []
    names = [option["name"] for option in options]
    if len(set(names)) < len(names):
        errors.append((["options"], "APPLICATION_COMMAND_OPTIONS_NAME_DUPLICATED", "Option names must be unique"))
    required = [bool(option.get("required")) for option in options]
    if required != sorted(required, reverse=True):
        text = "Required options must be placed before non-required options"
        errors.append((["options"], "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", text))
    nested = [option["type"] in (SUBCOMMAND, GROUP) for option in options]
    if any(nested) and not all(nested):
        text = "Sub-commands and sub-command groups exclude other options"
        errors.append((["options"], "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", text))
    for index, option in enumerate(options):
        for path, code, text in _option_errors(option, depth):
            errors.append((["options", index, *path], code, text))
    return errors


def _option_errors(option: Json, depth: int) -> FieldErrors:
    errors = _name_errors(option["name"])
    kind = option["type"]
    if kind == GROUP and depth > 0:
        text = "A group may not stand inside a group"
        errors.append((["type"], "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", text))
    if kind in (SUBCOMMAND, GROUP):
        return errors + _option_list_errors(option.get("options") or [], depth=depth + 1)
    choices = option.get("choices") or []
    if option.get("autocomplete") and choices:
        text = "Options with autocomplete have no choices"
        errors.append((["choices"], "APPLICATION_COMMAND_OPTIONS_CHOICES_AUTOCOMPLETE", text))
    wrong = [each for each in choices if not isinstance(each["value"], _TYPED_CHOICES.get(kind, ()))]
    if wrong:
        errors.append((["choices"], "BASE_TYPE_BAD_TYPE", "Values of choices must have the option's type"))
    for low, high in (("min_value", "max_value"), ("min_length", "max_length")):
        if option.get(low) is not None and option.get(high) is not None and option[low] > option[high]:
            errors.append(([low], "NUMBER_TYPE_MAX", f"{low} is above {high}"))
    return errors


def characters(command: Json) -> int:
    """What counts towards the 8000: names, descriptions and choices, each in its longest language."""
    own = _longest(command, "name") + _longest(command, "description")
    for choice in command.get("choices") or []:
        own += _longest(choice, "name") + len(str(choice["value"]))
    return own + sum(characters(option) for option in command.get("options") or [])


def _longest(thing: Json, key: str) -> int:
    translated = (thing.get(f"{key}_localizations") or {}).values()
    return max(len(text) for text in [thing.get(key) or "", *translated])
