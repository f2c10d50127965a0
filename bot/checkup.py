"""`python -m bot check`: who the bot is, how to invite it with the least rights, and what does not fit yet."""

from dataclasses import dataclass
from typing import Any

import discord
from discord import app_commands

from bot.command_sync import shown

# What drawing needs, and nothing else; no privileged intent is asked for.
LEAST = discord.Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    attach_files=True,
    read_message_history=True,
)


@dataclass(frozen=True)
class Finding:
    """One line of the report."""

    good: bool
    text: str

    def __str__(self) -> str:
        return f"{'ok' if self.good else '!!'}  {self.text}"


async def inspect(
    client: discord.Client, tree: app_commands.CommandTree[Any], *, alert_channel_id: int | None, sharded: bool
) -> list[Finding]:
    """What can be seen with a login alone; the client is logged in."""
    application = await client.application_info()
    return [
        Finding(good=True, text=f"Logged in as {client.user}, application {application.id}."),
        Finding(good=True, text=f"Invite: {invite(application.id)}"),
        await _commands(tree),
        await _shards(client, sharded=sharded),
        await _alerts(client, alert_channel_id),
    ]


def invite(application_id: int) -> str:
    """The link with the least permissions; whoever opens it needs Manage Server."""
    return discord.utils.oauth_url(application_id, permissions=LEAST, scopes=("bot", "applications.commands"))


async def _commands(tree: app_commands.CommandTree[Any]) -> Finding:
    published = {shown(command) for command in await tree.fetch_commands()}
    kinds = (discord.AppCommandType.chat_input, discord.AppCommandType.message)
    ours = {
        f"/{each.name}" if kind is kinds[0] else each.name for kind in kinds for each in tree.get_commands(type=kind)
    }
    if published == ours:
        return Finding(good=True, text=f"All {len(ours)} commands and menus are published.")
    missing, strange = ", ".join(sorted(ours - published)), ", ".join(sorted(published - ours))
    parts = ([f"missing: {missing}"] if missing else []) + ([f"too many: {strange}"] if strange else [])
    return Finding(good=False, text=f"Published commands differ ({'; '.join(parts)}). Run `python -m bot sync`.")


async def _shards(client: discord.Client, *, sharded: bool) -> Finding:
    recommended, _url, _limits = await client.http.get_bot_gateway()
    if recommended > 1 and not sharded:
        text = f"Discord recommends {recommended} gateway connections, and the bot would open one. Set EASEL_SHARDED=1."
        return Finding(good=False, text=text)
    connections = "One gateway connection" if recommended == 1 else f"{recommended} gateway connections"
    return Finding(good=True, text=f"{connections}, as Discord recommends.")


async def _alerts(client: discord.Client, channel_id: int | None) -> Finding:
    if channel_id is None:
        return Finding(good=True, text="No alerts: EASEL_ALERT_CHANNEL_ID is not set.")
    try:
        channel = await client.fetch_channel(channel_id)
    except discord.HTTPException as error:
        text = f"The alert channel {channel_id} cannot be seen ({error.status}). Check EASEL_ALERT_CHANNEL_ID."
        return Finding(good=False, text=text)
    return Finding(good=True, text=f"Alerts go to #{channel}.")
