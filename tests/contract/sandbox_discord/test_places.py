"""Servers, forums and threads that come into being: the bot hears of them through the connection that is theirs."""

import re
from typing import Any

import discord
import pytest

from sandbox.discord.server import DiscordServer
from sandbox.discord.world import GUILD_ID, Channel, Guild, shard_of
from tests.contract.sandbox_discord.studio_bot import Running, StudioBot, until

OTHER = Guild(str(int(GUILD_ID) + (1 << 22)), "Neighbours")
FIREPLACE = Channel(str(int(OTHER.id) + 100), "fireplace", guild_id=OTHER.id)


async def opened(server: DiscordServer, name: str, **about: Any) -> int:
    return int((await server.control("POST", "channels", {"name": name} | about))["id"])


async def test_a_post_in_a_forum_has_its_forums_rights(running: Running) -> None:
    """It is a thread: other permissions count there, those of its parent."""
    forum = await opened(running.server, "showcase", kind="forum", nsfw=True)
    thread = await opened(running.server, "foxes", kind="thread", parent="showcase")
    await until(lambda: running.bot.get_channel(thread))
    place = running.bot.get_channel(thread)
    assert isinstance(place, discord.Thread)
    assert (place.parent_id, place.is_nsfw()) == (forum, True)
    await place.send("a fox")
    (message,) = await running.server.control("GET", "channels/foxes/messages")
    assert (message["content"], message["channel_id"]) == ("a fox", str(thread))
    assert isinstance(await running.bot.fetch_channel(thread), discord.Thread)
    deny = {"kind": "channel_permissions", "channel": "showcase", "deny": ["SEND_MESSAGES_IN_THREADS"]}
    await running.server.control("POST", "faults", deny)
    with pytest.raises(discord.Forbidden):
        await place.send("another")
    assert await running.server.control("GET", "violations") == []


async def test_a_command_in_a_thread_says_where_it_was_given(running: Running) -> None:
    """With the thread's parent, which the rules of a house need."""
    thread = await opened(running.server, "foxes", kind="thread", parent="general")
    body = {"command": "server status", "channel": "foxes", "wait": True}
    assert (await running.server.control("POST", "interactions", body))["answered"]
    asked = running.bot.seen[0]
    assert isinstance(asked.channel, discord.Thread)
    assert (asked.channel_id, asked.channel.parent_id) == (
        thread,
        int(running.server.state.world.channel("general").id),
    )


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"name": "general"}, "there is a channel 'general' already"),
        ({"name": "x", "kind": "cave"}, "unknown kind 'cave'; known are text, thread, forum"),
        ({"name": "x", "kind": "thread"}, "a thread, and nothing else, has a parent"),
        ({"name": "x", "parent": "general"}, "a thread, and nothing else, has a parent"),
    ],
)
async def test_wrong_places_are_answered_with_a_sentence(
    server: DiscordServer, body: dict[str, Any], sentence: str
) -> None:
    """Whoever writes a script reads what is wrong and what would be right."""
    with pytest.raises(ValueError, match=re.escape(sentence)):
        await server.control("POST", "channels", body)


async def test_one_connection_of_two_hears_its_own_server_alone(server: DiscordServer) -> None:
    """Neither the other server nor its interactions; direct messages are the first connection's."""
    server.state.world.add_guild(OTHER, FIREPLACE)
    for number in (0, 1):
        bot = StudioBot(shard_id=number, shard_count=2)
        async with Running(server, bot):
            (guild,) = bot.guilds
            assert shard_of(str(guild.id), 2) == number
            await bot.tree.sync()
            for channel in ("general", "fireplace", "dm"):
                body = {"command": "server status", "channel": channel}
                await server.control("POST", "interactions", body)
            await until(lambda bot=bot, expected=2 - number: len(bot.seen) == expected)
    assert await server.control("GET", "violations") == []
