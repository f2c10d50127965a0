import io
import re
from typing import Any

import aiohttp
import discord
import pytest
from PIL import Image

from sandbox.discord.server import DiscordServer
from sandbox.discord.world import GUILD_ID
from tests.contract.sandbox_discord.studio_bot import Running, picture, until, until_edited


@pytest.mark.parametrize(
    ("path", "body", "sentence"),
    [
        ("interactions", {"comand": "imagine"}, "unknown comand; known are"),
        ("interactions", {"command": "imagine"}, "published are none"),
        ("interactions", {}, "say what to do"),
        ("interactions", {"command": "x", "channel": "attic"}, "no channel 'attic'; there are general"),
        ("interactions", {"command": "x", "user": "A B"}, "is no user name"),
        ("faults", {"kind": "flood"}, "unknown kind 'flood'; known are status"),
        ("faults", {"kind": "status", "rout": "x"}, "unknown fields rout"),
        ("faults", {"kind": "status", "route": "("}, "no regular expression"),
        ("faults", {"kind": "channel_permissions", "channel": "general", "deny": ["FLY"]}, "FLY; known are"),
        ("faults", {"kind": "upload_limit_bytes"}, "'bytes' is missing"),
        ("clock", {}, "'advance_s' is missing"),
        ("messages", {"content": " "}, "1 to 2000 characters"),
    ],
)
async def test_wrong_use_is_answered_with_a_sentence(
    server: DiscordServer, path: str, body: Any, sentence: str
) -> None:
    """Whoever writes a script reads what is wrong and what would be right."""
    with pytest.raises(ValueError, match=re.escape(sentence)):
        await server.control("POST", path, body)


async def test_health_tells_when_the_bot_is_there(running: Running) -> None:
    """Start-up scripts wait for the gateway connection and the commands."""
    health = await running.server.control("GET", "health")
    assert (health["status"], health["gateway_connections"], health["commands"]) == ("ok", 1, 5)


async def test_the_request_log_tells_which_token_was_used(running: Running) -> None:
    """After minute 14 no request may carry an interaction's token; this log shows it."""
    await running.use("imagine", prompt="a fox")
    await until_edited(running.server)
    kinds = {(r["route"], r["token"]) for r in await running.server.control("GET", "requests")}
    assert ("/interactions/{interaction_id}/{interaction_token}/callback", "interaction") in kinds
    assert ("/webhooks/{webhook_id}/{webhook_token}/messages/@original", "interaction") in kinds
    assert ("/users/@me", "bot") in kinds


async def test_a_dead_token_is_401_though_young(running: Running) -> None:
    """Tokens die early now and then; the bot has to change its route."""
    sent = await running.use("server status")
    await until_edited(running.server)
    wanted = {"kind": "token_dead", "interaction_id": sent["interaction_id"]}
    assert await running.server.control("POST", "faults", wanted) == {"tokens": 1}
    with pytest.raises(discord.HTTPException) as refused:
        await running.bot.seen[0].edit_original_response(content="more")
    assert refused.value.code == 50027


async def test_a_429_without_via_looks_like_a_ban(running: Running) -> None:
    """discord.py gives up at once, as it does when the proxy in front of Discord blocks an address."""
    await running.server.control("POST", "faults", {"kind": "rate_limit", "route": "/users/", "via": False})
    with pytest.raises(discord.HTTPException) as refused:
        await running.bot.fetch_user(int(running.server.state.world.person("member-1").id))
    assert refused.value.status == 429


async def test_a_delayed_answer_is_delayed_and_faults_can_be_cleared(running: Running) -> None:
    """A fault hits as often as it says, and DELETE ends what is left."""
    fault = {"kind": "status", "route": "/users/", "status": 503, "count": 3, "delay_s": 0.01}
    await running.server.control("POST", "faults", fault)
    user_id = int(running.server.state.world.person("member-1").id)
    with pytest.raises(discord.DiscordServerError):
        await running.bot.fetch_user(user_id)
    assert (await running.server.control("GET", "faults"))[0]["hits"] == 1
    assert await running.server.control("DELETE", "faults") == {"cleared": 1}
    assert (await running.bot.fetch_user(user_id)).name == "member-1"


async def test_an_embedded_file_is_not_listed_twice(running: Running) -> None:
    """attachment:// in an embed moves the file from the list into the embed, and an edit of text keeps it."""
    channel = running.bot.get_channel(int(running.server.state.world.channel("studio").id))
    assert isinstance(channel, discord.TextChannel)
    embed = discord.Embed(title="done").set_image(url="attachment://picture-1.png")
    message = await channel.send(embed=embed, file=picture(1))
    assert message.attachments == []
    assert (message.embeds[0].image.width, message.embeds[0].image.height) == (64, 48)
    message = await message.edit(content="text")
    data = await running.bot.http.get_from_cdn(str(message.embeds[0].image.url))
    assert Image.open(io.BytesIO(data)).width == 64
    assert await running.server.control("GET", "violations") == []


async def test_a_file_name_cannot_leave_its_folder(running: Running) -> None:
    """Names are made safe, and the file route gives out nothing else."""
    channel = running.bot.get_channel(int(running.server.state.world.channel("studio").id))
    assert isinstance(channel, discord.TextChannel)
    message = await channel.send(file=discord.File(io.BytesIO(b"x"), "../../etc/pass wd"))
    assert message.attachments[0].filename == "pass_wd"
    async with aiohttp.ClientSession() as session:
        answer = await session.get(f"{running.server.url}/attachments/1/2/..%2f..%2fetc%2fpasswd")
    assert answer.status == 404


async def test_a_command_in_a_direct_message_has_a_user_and_no_guild(running: Running) -> None:
    """Global commands work in the bot's direct messages; the payload differs there."""
    await running.bot.tree.sync()
    await running.server.control("POST", "interactions", {"command": "slow", "channel": "dm", "wait": True})
    await until(lambda: running.bot.seen)
    assert running.bot.seen[0].guild_id is None
    assert running.bot.seen[0].user.name == "member-1"
    assert await running.server.control("GET", "violations") == []


async def test_a_reply_by_bot_token_quotes_its_target(running: Running) -> None:
    """A late result is a new reply with a mention; the target is shown with it."""
    sent = await running.use("slow")
    channel = running.bot.get_channel(int(sent["channel_id"]))
    assert isinstance(channel, discord.TextChannel)
    target = await channel.fetch_message(int(sent["message_id"]))
    reply = await target.reply("here it is", nonce="r1", mention_author=False)
    assert reply.reference is not None
    assert reply.reference.message_id == target.id
    assert [m.content async for m in channel.history(limit=1)] == ["here it is"]
    assert await running.server.control("GET", "violations") == []


async def test_every_route_that_discord_py_may_ask_conforms(running: Running) -> None:
    """Guild, people, roles, application, typing, followups, single commands: no answer breaks the description."""
    bot, guild = running.bot, discord.Object(GUILD_ID)
    fetched = await bot.fetch_guild(int(GUILD_ID))
    await fetched.fetch_channels()
    await fetched.fetch_roles()
    members = await bot.http.get_members(int(GUILD_ID), 10, None)
    assert [each["user"]["username"] for each in members][:2] == ["easel", "owner"]
    await fetched.fetch_member(int(running.server.state.world.person("member-2").id))
    await bot.application_info()
    channel = await bot.fetch_channel(int(running.server.state.world.channel("studio").id))
    assert isinstance(channel, discord.TextChannel)
    await channel.typing()
    (command, *_) = await bot.tree.fetch_commands(guild=guild)
    await command.edit(description="Paint it now")
    await (await bot.tree.fetch_command(command.id, guild=guild)).delete()
    await running.use("server status")
    await until_edited(running.server)
    followup = await bot.seen[0].followup.send("more", wait=True, ephemeral=True)
    await followup.edit(content="still more")
    await bot.seen[0].followup.fetch_message(followup.id)
    await followup.delete()
    await bot.seen[0].original_response()
    await bot.seen[0].delete_original_response()
    assert await running.server.control("GET", "violations") == []
    assert await running.server.control("GET", "channels/general/messages") == []
