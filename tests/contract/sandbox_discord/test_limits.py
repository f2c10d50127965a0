import asyncio
import io
from typing import Any

import aiohttp
import discord
import pytest
from discord import app_commands

from sandbox.discord.server import DiscordServer
from tests.contract.sandbox_discord.studio_bot import NO_MENTIONS, Running, StudioBot, picture, until, until_edited


def channel_of(running: Running, name: str = "studio") -> discord.TextChannel:
    channel = running.bot.get_channel(int(running.server.state.world.channel(name).id))
    assert isinstance(channel, discord.TextChannel)
    return channel


async def fault(running: Running, **wanted: Any) -> Any:
    return await running.server.control("POST", "faults", wanted)


async def test_an_answer_after_three_seconds_finds_an_unknown_interaction(running: Running) -> None:
    """The 3 s are kept by the passed clock; the late answer is 404/10062."""
    running.bot.hold.clear()
    sent = await running.server.control("POST", "interactions", {"command": "slow"})
    await until(lambda: running.bot.seen)
    await running.server.control("POST", "clock", {"advance_s": 3.1})
    await until(lambda: running.server.state.interactions.all()[0].state == "expired")
    with pytest.raises(discord.NotFound) as refused:
        await running.bot.seen[0].response.send_message("too late")
    assert refused.value.code == 10062
    shown = await running.server.control("GET", f"interactions/{sent['interaction_id']}")
    assert (shown["answered"], shown["expired"], shown["ack_ms"]) == (False, True, None)
    running.bot.hold.set()


async def test_a_second_answer_is_refused(running: Running) -> None:
    """One interaction, one answer: 400/40060 for the other process that tries."""
    await running.use("server status")
    first = running.bot.seen[0]
    twin = discord.Interaction(data=running.server.state.interactions.all()[0].event, state=running.bot._connection)  # type: ignore[arg-type]
    with pytest.raises(discord.HTTPException) as refused:
        await twin.response.send_message("me too")
    assert (refused.value.status, refused.value.code) == (400, 40060)
    assert first.id == twin.id


async def test_the_token_dies_after_fifteen_minutes(running: Running) -> None:
    """Minute 14 edits, minute 15 is 401/50027, and the bot-token route still works."""
    await running.use("imagine", prompt="a fox")
    await until_edited(running.server)
    interaction = running.bot.seen[0]
    await running.server.control("POST", "clock", {"advance_s": 14 * 60})
    edited = await interaction.edit_original_response(content="minute 14")
    await running.server.control("POST", "clock", {"advance_s": 61})
    with pytest.raises(discord.HTTPException) as refused:
        await interaction.edit_original_response(content="minute 15")
    assert (refused.value.status, refused.value.code) == (401, 50027)
    channel = channel_of(running, "general")
    assert (await channel.get_partial_message(edited.id).edit(content="by bot token")).content == "by bot token"


async def test_a_repeated_nonce_posts_once(running: Running) -> None:
    """After an uncertain answer the same nonce gives the first message; after 5 minutes it is a new one."""
    channel = channel_of(running)
    first = await channel.send("result", nonce="job-1", file=picture(1))
    again = await channel.send("result", nonce="job-1", file=picture(1))
    assert first.id == again.id
    await running.server.control("POST", "clock", {"advance_s": 301})
    assert (await channel.send("result", nonce="job-1")).id != first.id


async def test_a_repeated_nonce_of_a_deleted_message_is_unknown(running: Running) -> None:
    """404 on a create means that it was posted and removed, not that it should be posted again."""
    channel = channel_of(running)
    message = await channel.send("result", nonce="job-2")
    await message.delete()
    with pytest.raises(discord.NotFound):
        await channel.send("result", nonce="job-2")


async def test_a_502_after_the_commit_leaves_one_message(running: Running) -> None:
    """discord.py repeats the POST on its own; the nonce keeps it single."""
    await fault(running, kind="status", status=502, route="/messages$", method="POST", after_commit=True)
    message = await channel_of(running).send("result", nonce="job-3")
    found = await running.server.control("GET", "channels/studio/messages")
    assert [each["id"] for each in found] == [str(message.id)]
    posts = [r for r in await running.server.control("GET", "requests") if r["method"] == "POST"]
    assert [each["status"] for each in posts[-2:]] == [502, 200]


async def test_a_connection_cut_after_the_commit_leaves_the_message(running: Running) -> None:
    """The client sees a lost connection; the message is there all the same."""
    await fault(running, kind="drop", route="/messages$", method="POST", after_commit=True)
    with pytest.raises(aiohttp.ClientError):
        await channel_of(running).send("result", nonce="job-4")
    assert len(await running.server.control("GET", "channels/studio/messages")) == 1


async def test_a_file_over_the_limit_is_413(running: Running) -> None:
    """40005 by the settable limit, also for the interaction's own route."""
    await fault(running, kind="upload_limit_bytes", bytes=1000)
    big = discord.File(io.BytesIO(b"x" * 1001), "big.bin")
    with pytest.raises(discord.HTTPException) as refused:
        await channel_of(running).send(file=big)
    assert (refused.value.status, refused.value.code) == (413, 40005)
    await running.use("server status")
    assert running.bot.seen[0].filesize_limit == 1000


async def test_discord_py_waits_out_a_429(running: Running) -> None:
    """A bucket that is empty is answered with retry_after; the library comes back and succeeds."""
    await fault(running, kind="rate_limit", route="/messages$", retry_after_s=0.05, scope="shared")
    assert (await channel_of(running).send("after the wait")).content == "after the wait"
    statuses = [each["status"] for each in await running.server.control("GET", "requests")]
    assert statuses[-2:] == [429, 200]


async def test_the_sixth_message_in_five_seconds_is_limited(server: DiscordServer) -> None:
    """Buckets count per channel, and their headers say how much is left."""
    channel = server.state.world.channel("general").id
    headers = {"Authorization": f"Bot {server.state.token}"}
    url = f"{server.api_url}/channels/{channel}/messages"
    async with aiohttp.ClientSession(headers=headers) as session:
        answers = [await session.post(url, json={"content": str(n)}) for n in range(6)]
        limited = await answers[-1].json()
        server.state.clock.advance(limited["retry_after"])
        fresh = await session.post(url, json={"content": "again"})
    assert [each.status for each in answers] == [200] * 5 + [429]
    assert [each.headers["X-RateLimit-Remaining"] for each in answers] == ["4", "3", "2", "1", "0", "0"]
    assert answers[-1].headers["Via"]
    assert fresh.status == 200


async def test_a_wrong_token_does_not_log_in(server: DiscordServer) -> None:
    """REST says 401; discord.py calls it a login failure."""
    async with aiohttp.ClientSession() as session:
        answer = await session.get(f"{server.api_url}/users/@me", headers={"Authorization": "Bot wrong"})
    assert answer.status == 401
    with pytest.raises(discord.LoginFailure):
        await StudioBot().login("wrong")


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"content": "x" * 2001}, "content"),
        ({"embeds": [discord.Embed(title="x" * 257)]}, "embeds.0.title"),
        ({"embeds": [discord.Embed(description="x" * 4000)] * 2}, "embeds"),
        ({}, None),
    ],
)
async def test_what_discord_refuses_is_refused(running: Running, arguments: dict[str, Any], field: str | None) -> None:
    """Too long, too much and empty are 400 with the field named, and nothing is posted."""
    with pytest.raises(discord.HTTPException) as refused:
        await channel_of(running).send(**arguments)
    assert (refused.value.status, refused.value.code) == ((400, 50035) if field else (400, 50006))
    assert field is None or field in refused.value.text
    assert await running.server.control("GET", "channels/studio/messages") == []


async def test_broken_buttons_are_named(server: DiscordServer) -> None:
    """custom_id over 100 characters, the same one twice, a button with neither label nor emoji."""
    channel = server.state.world.channel("general").id
    headers = {"Authorization": f"Bot {server.state.token}"}
    long, twice, bare = (
        [{"type": 2, "style": 1, "label": "a", "custom_id": "x" * 101}],
        [{"type": 2, "style": 1, "label": "a", "custom_id": "x"}] * 2,
        [{"type": 2, "style": 1, "custom_id": "x"}],
    )
    codes = []
    async with aiohttp.ClientSession(headers=headers) as session:
        for buttons in (long, twice, bare):
            body = {"content": "x", "components": [{"type": 1, "components": buttons}]}
            answer = await session.post(f"{server.api_url}/channels/{channel}/messages", json=body)
            codes.append(str((await answer.json())["errors"]))
    assert "BASE_TYPE_MAX_LENGTH" in codes[0]
    assert "COMPONENT_CUSTOM_ID_DUPLICATED" in codes[1]
    assert "BUTTON_COMPONENT_LABEL_REQUIRED" in codes[2]
    assert len(await server.control("GET", "violations")) == 1


async def test_a_command_with_a_bad_name_is_not_published(running: Running) -> None:
    """Publishing is all or nothing, and the answer names the command."""
    before = await running.server.control("GET", "commands")
    bad = [{"name": "Has Space", "description": "x", "type": 1}]
    with pytest.raises(discord.HTTPException, match="Name is invalid"):
        await running.bot.http.bulk_upsert_global_commands(running.bot.application_id or 0, bad)
    assert await running.server.control("GET", "commands") == before


async def test_publishing_again_keeps_the_ids(running: Running) -> None:
    """A second sync changes versions, not ids, so that permissions set by people stay."""
    before = {each["name"]: each["id"] for each in await running.server.control("GET", "commands")}
    await running.sync()
    after = {each["name"]: each["id"] for each in await running.server.control("GET", "commands")}
    assert before == after
    assert isinstance(running.bot.tree, app_commands.CommandTree)


async def test_a_locked_channel_is_no_access_and_no_sending_is_no_permission(running: Running) -> None:
    """50001 where the bot cannot look, 50013 where it may not write, 10003 where there is nothing."""
    codes = []
    await fault(running, kind="channel_permissions", channel="studio", deny=["SEND_MESSAGES"])
    for channel_id in (
        int(running.server.state.world.channel("locked").id),
        int(running.server.state.world.channel("studio").id),
        1,
    ):
        with pytest.raises(discord.HTTPException) as refused:
            await running.bot.get_partial_messageable(channel_id).send("hello")
        codes.append(refused.value.code)
    assert codes == [50001, 50013, 10003]


async def test_only_permitted_mentions_are_recorded(running: Running) -> None:
    """A prompt that names people pings nobody; the requester is pinged when the bot says so."""
    user = running.server.state.world.person("member-2")
    channel = channel_of(running)
    silent = await channel.send(f"<@{user.id}> @everyone", allowed_mentions=NO_MENTIONS)
    loud = await channel.send(
        f"<@{user.id}>", allowed_mentions=discord.AllowedMentions(users=[discord.Object(int(user.id))])
    )
    assert (silent.mentions, silent.mention_everyone) == ([], False)
    assert [each.id for each in loud.mentions] == [int(user.id)]


async def test_attachments_of_an_edit_replace_or_stay(running: Running) -> None:
    """`attachments` in an edit is the whole new list; without it files stay."""
    message = await channel_of(running).send("two", files=[picture(1), picture(2)])
    message = await message.edit(content="still two")
    assert [a.filename for a in message.attachments] == ["picture-1.png", "picture-2.png"]
    message = await message.edit(attachments=[message.attachments[1], picture(3)])
    assert [a.filename for a in message.attachments] == ["picture-2.png", "picture-3.png"]
    message = await message.edit(attachments=[picture(4)])
    assert [a.filename for a in message.attachments] == ["picture-4.png"]
    assert message.attachments[0].description == "A quiet colour"
    assert await running.server.control("GET", "violations") == []


async def test_a_layout_message_is_given_back_complete(running: Running) -> None:
    """Components V2: text, gallery with files, buttons; and nothing of the old kind beside them."""
    view = discord.ui.LayoutView()
    gallery = discord.ui.MediaGallery[Any](discord.MediaGalleryItem("attachment://picture-1.png", spoiler=True))
    row = discord.ui.ActionRow[Any](discord.ui.Button(label="Again", custom_id="again"))
    view.add_item(discord.ui.Container(discord.ui.TextDisplay("**done**"), gallery, row))
    await channel_of(running).send(view=view, file=picture(1))
    (message,) = await running.server.control("GET", "channels/studio/messages")
    container = message["components"][0]
    assert container["components"][1]["items"][0]["media"]["width"] == 64
    assert await running.server.control("GET", "violations") == []
    await asyncio.sleep(0)
