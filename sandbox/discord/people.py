"""What people do: use commands, type options, press buttons, send modals and plain messages."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.discord import commands, components, objects, options, payloads, publishing
from sandbox.discord.errors import Json
from sandbox.discord.interactions import (
    AUTOCOMPLETE,
    COMMAND,
    COMPONENT,
    MODAL_SUBMIT,
    Interaction,
)
from sandbox.discord.messages import Message
from sandbox.discord.modals import submitted_components
from sandbox.discord.options import ClientRefusalError, Typing, upload_of
from sandbox.discord.state import State
from sandbox.discord.world import Channel, User

_MAX_CONTENT = 2000


@dataclass(frozen=True)
class Actor:
    """Somebody somewhere, and whether their client checks what they type."""

    user: User
    channel: Channel
    checks: bool = True


async def _begin(state: State, interaction: Interaction, label: str) -> Interaction:
    interaction.label = label
    state.interactions.add(interaction)
    state.interactions.watch(interaction, lambda each: publishing.interaction_changed(state, each))
    await publishing.interaction_changed(state, interaction)
    guild_id = interaction.event.get("guild_id")
    await state.sessions.dispatch("INTERACTION_CREATE", interaction.event, guild_id=guild_id)
    return interaction


async def use_command(state: State, actor: Actor, name: str, values: dict[str, Any]) -> Interaction:
    """A slash command; `name` may carry sub-commands ("server status").

    Raises:
        ClientRefusalError: where the person's client would not send it.
    """
    data = _command_data(state, actor, name, values, focused=None)
    interaction = payloads.new_interaction(state, COMMAND, data, user=actor.user, channel=actor.channel)
    return await _begin(state, interaction, name)


async def type_option(state: State, actor: Actor, name: str, values: dict[str, Any], focused: str) -> Interaction:
    """Autocomplete for the option `focused` with what has been typed so far."""
    data = _command_data(state, actor, name, {focused: ""} | values, focused=focused)
    interaction = payloads.new_interaction(state, AUTOCOMPLETE, data, user=actor.user, channel=actor.channel)
    return await _begin(state, interaction, name)


def _command_data(state: State, actor: Actor, name: str, values: dict[str, Any], *, focused: str | None) -> Json:
    first, *path = name.removeprefix("/").split()
    command = state.commands.named(first, actor.channel.guild_id, (commands.CHAT_INPUT,))
    if command is None:
        known = ", ".join(each["name"] for each in state.commands.all()) or "none (was the tree synced?)"
        raise ClientRefusalError(f"no command /{first}; published are {known}")
    if (
        command["nsfw"]
        and actor.checks
        and not ((actor.channel.parent or actor.channel).nsfw or actor.channel.is_direct)
    ):
        raise ClientRefusalError(f"/{first} is age-restricted and #{actor.channel.name} is not")
    typing = Typing(state, actor.channel.id, checks=actor.checks, focused=focused)
    sent = options.nested(command, path, typing, values)
    data: Json = {"id": command["id"], "name": command["name"], "type": command["type"], "options": sent}
    if typing.resolved:
        data["resolved"] = typing.resolved
    return data | options.guild_scope(command)


async def use_menu(state: State, actor: Actor, name: str, target: str) -> Interaction:
    """A command from the context menu of a message (target: its id) or of a person (id or name).

    Raises:
        ClientRefusalError: for an unknown command or message.
    """
    command = state.commands.named(name, actor.channel.guild_id, (commands.USER, commands.MESSAGE))
    if command is None:
        raise ClientRefusalError(f"no context-menu command {name!r}")
    typing = Typing(state, actor.channel.id)
    if command["type"] == commands.MESSAGE:
        message = visible_message(state, actor.user, target)
        target, resolved = message.id, {"messages": {message.id: message.body}}
    else:
        target = typing.resolve_user(state.world.person(target))
        resolved = typing.resolved
    data: Json = {
        "id": command["id"],
        "name": command["name"],
        "type": command["type"],
        "target_id": target,
        "resolved": resolved,
    }
    interaction = payloads.new_interaction(
        state, COMMAND, data | options.guild_scope(command), user=actor.user, channel=actor.channel
    )
    return await _begin(state, interaction, name)


def visible_message(state: State, user: User, message_id: str) -> Message:
    """The message if this person sees it.

    Raises:
        ClientRefusalError: when not.
    """
    message = state.messages.get(message_id)
    if message is None or message.ephemeral_to not in (None, user.id):
        raise ClientRefusalError(f"{user.name} sees no message {message_id!r}")
    return message


async def use_component(
    state: State, actor: Actor, message: Message, component: Json, values: list[str] | None
) -> Interaction:
    """A press on a button, or a choice in a select.

    Raises:
        ClientRefusalError: for a disabled component or a value that is not offered.
    """
    data: Json = {
        "custom_id": component.get("custom_id"),
        "component_type": component["type"],
        "id": component.get("id", 0),
    }
    if actor.checks:
        _check_component(component, values or [])
    if component["type"] in components.SELECTS:
        data |= _selected(state, actor, component, values or [])
    interaction = payloads.new_interaction(
        state, COMPONENT, data, user=actor.user, channel=actor.channel, message=message
    )
    interaction.metadata["interacted_message_id"] = message.id
    return await _begin(state, interaction, component.get("label") or component.get("custom_id") or "component")


def _check_component(component: Json, values: list[str]) -> None:
    if component.get("disabled"):
        raise ClientRefusalError(f"{component.get('label') or component.get('custom_id')!r} is disabled")
    if component.get("url") and not component.get("custom_id"):
        raise ClientRefusalError("a link button opens a page and tells the bot nothing")
    if component["type"] != components.STRING_SELECT:
        return
    offered = [option["value"] for option in component["options"]]
    if any(value not in offered for value in values):
        raise ClientRefusalError(f"the select offers {', '.join(offered)}")
    if not component["min_values"] <= len(values) <= component["max_values"]:
        raise ClientRefusalError(f"choose {component['min_values']} to {component['max_values']}")


def _selected(state: State, actor: Actor, component: Json, values: list[str]) -> Json:
    if component["type"] == components.STRING_SELECT:
        return {"values": values}
    typing = Typing(state, actor.channel.id)
    kinds = {5: commands.PERSON, 6: commands.ROLE, 7: commands.MENTIONABLE, 8: commands.CHANNEL}
    definition = {"name": "value", "type": kinds[component["type"]]}
    chosen = [typing.options([definition], {"value": value})[0]["value"] for value in values]
    return {"values": chosen, "resolved": typing.resolved}


async def submit_modal(state: State, actor: Actor, opener: Interaction, fields: dict[str, Any]) -> Interaction:
    """The modal that the bot opened in answer to `opener`, filled in.

    Raises:
        ClientRefusalError: when there is no such modal or a field is wrong.
    """
    modal = (opener.answer or {}).get("data") or {}
    if (opener.answer or {}).get("type") != publishing.MODAL:
        raise ClientRefusalError(f"interaction {opener.id} opened no modal")
    typing = Typing(state, actor.channel.id, checks=actor.checks)
    data: Json = {
        "custom_id": modal["custom_id"],
        "components": submitted_components(modal["components"], fields, typing),
    }
    if typing.resolved:
        data["resolved"] = typing.resolved
    message = state.messages.get(opener.source_message_id) if opener.source_message_id else None
    interaction = payloads.new_interaction(
        state, MODAL_SUBMIT, data, user=actor.user, channel=actor.channel, message=message
    )
    interaction.metadata["triggering_interaction_metadata"] = opener.metadata
    return await _begin(state, interaction, str(modal.get("title", "modal")))


async def say(state: State, actor: Actor, content: str, files: Sequence[Any] = ()) -> Message:
    """A plain message of a person; `files` as the control API takes attachments.

    Raises:
        ClientRefusalError: when it is empty or too long.
    """
    if not 0 < len(content.strip()) <= _MAX_CONTENT:
        raise ClientRefusalError(f"a message has 1 to {_MAX_CONTENT} characters, not {len(content)}")
    uploads = [upload_of(each, index) for index, each in enumerate(files)]
    draft = publishing.Draft(author=objects.user_object(actor.user), content=content, uploads=uploads)
    return await publishing.post(state, actor.channel, draft)
