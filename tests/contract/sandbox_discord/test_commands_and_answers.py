import base64
import io
from typing import Any

import discord
import pytest
from PIL import Image

from sandbox.discord.server import DiscordServer
from tests.contract.sandbox_discord.studio_bot import Running, StudioBot, until, until_edited


async def no_violations(server: DiscordServer) -> None:
    assert await server.control("GET", "violations") == []


async def messages(server: DiscordServer, channel: str = "general") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = await server.control("GET", f"channels/{channel}/messages")
    return found


async def test_a_command_is_acknowledged_edited_with_files_and_visible(running: Running) -> None:
    """The way of every picture: command, answer, edit with files, seen in the channel."""
    outcome = await running.use("imagine", prompt="a red fox", images=2)
    assert outcome["answered"]
    assert outcome["ack_ms"] < 1000
    await until_edited(running.server)
    (message,) = await messages(running.server)
    assert message["content"] == "**a red fox** with `sdxl-base` 1:1"
    assert [(a["width"], a["height"], a["content_type"]) for a in message["attachments"]] == [
        (64, 48, "image/png"),
        (64, 48, "image/png"),
    ]
    assert message["sandbox"]["edits"] == 1
    assert message["interaction"]["name"] == "imagine"
    await no_violations(running.server)


async def test_attachments_are_served_as_what_they_are(running: Running) -> None:
    """The page and the bot load files from the address in the attachment object."""
    await running.use("imagine", prompt="a red fox")
    await until_edited(running.server)
    (message,) = await messages(running.server)
    fetched = await running.bot.http.get_from_cdn(message["attachments"][0]["url"])
    assert Image.open(io.BytesIO(fetched)).size == (64, 48)


async def test_an_uploaded_option_reaches_the_bot_resolved(running: Running) -> None:
    """img2img: the person's file arrives as an attachment with its dimensions."""
    data = io.BytesIO()
    Image.new("RGB", (30, 20)).save(data, "PNG")
    upload = {"filename": "my sketch.png", "data": base64.b64encode(data.getvalue()).decode()}
    await running.use("imagine", prompt="a fox", init_image=upload)
    await until_edited(running.server)
    (message,) = await messages(running.server)
    assert message["content"].endswith("from 30x20")


async def test_autocomplete_offers_what_the_bot_says(running: Running) -> None:
    """Typing half a model name gives the bot's choices, though the required prompt is still empty."""
    body = {"command": "imagine", "options": {"model": "light"}, "focused": "model"}
    outcome = await running.server.control("POST", "interactions", body)
    assert outcome["choices"] == [{"name": "SDXL-LIGHTNING", "value": "sdxl-lightning"}]
    await no_violations(running.server)


async def test_a_button_works_after_a_restart_of_the_bot(running: Running, server: DiscordServer) -> None:
    """A DynamicItem is found by its custom_id alone, by a process that never sent the message."""
    outcome = await running.use("imagine", prompt="a fox")
    await until_edited(server)
    await running.bot.close()
    async with Running(server, StudioBot()):
        press = {"label": "Cancel", "message_id": outcome["message_id"], "wait": True}
        pressed = await server.control("POST", "interactions", press)
    assert pressed["message"]["content"] == "cancelled job1"
    assert pressed["message"]["components"] == []
    await no_violations(server)


async def test_a_modal_is_opened_filled_and_sent(running: Running) -> None:
    """The answer to a command may be a form; what is typed into it reaches the bot."""
    opened = await running.use("remix")
    assert opened["response"]["data"]["title"] == "Remix"
    body = {"modal": opened["interaction_id"], "fields": {"prompt": "more fog", "strength": ["high"]}, "wait": True}
    outcome = await running.server.control("POST", "interactions", body)
    assert outcome["message"]["content"] == "remix: more fog (high)"
    with pytest.raises(ValueError, match="0 to 100 characters"):
        await running.server.control(
            "POST", "interactions", body | {"fields": {"prompt": "x" * 101, "strength": ["low"]}}
        )
    await no_violations(running.server)


async def test_an_ephemeral_answer_is_for_one_person_and_out_of_reach_of_the_bot_token(running: Running) -> None:
    """Ephemeral messages live through the interaction's token alone."""
    outcome = await running.use("server status")
    await until_edited(running.server)
    (message,) = await messages(running.server)
    assert message["content"] == "all is well"
    assert message["flags"] == 64
    assert message["sandbox"]["ephemeral_to"] == outcome["user_id"]
    channel = running.bot.get_channel(int(outcome["channel_id"]))
    assert isinstance(channel, discord.TextChannel)
    assert [found async for found in channel.history()] == []
    with pytest.raises(discord.NotFound) as refused:
        await channel.fetch_message(int(message["id"]))
    assert refused.value.code == 10008
    press = {"label": "Cancel", "user": "member-2"}
    with pytest.raises(ValueError, match="member-2 sees no component"):
        await running.server.control("POST", "interactions", press)


async def test_a_message_menu_command_carries_its_message(running: Running) -> None:
    """Commands from the context menu get the target message resolved."""
    outcome = await running.use("imagine", prompt="a fox", images=3)
    await until_edited(running.server)
    body = {"command": "Image info", "target": outcome["message_id"], "wait": True}
    menu = await running.server.control("POST", "interactions", body)
    assert menu["message"]["content"] == "3 files"
    await no_violations(running.server)


async def test_the_client_refuses_what_discords_client_refuses(running: Running) -> None:
    """Out-of-range values and unknown choices never leave the person's client."""
    refusals: list[tuple[dict[str, Any], str]] = [
        ({"prompt": "x", "images": 9}, "images must be 1 to 4"),
        ({"prompt": "x", "aspect": "7:1"}, "aspect offers 1:1, 16:9"),
        ({"prompt": "x" * 1501}, "1 to 1500 characters"),
        ({"images": 1}, "prompt is required"),
        ({"prompt": "x", "images": "two"}, "wants a whole number"),
    ]
    for options, sentence in refusals:
        with pytest.raises(ValueError, match=sentence):
            await running.use("imagine", **options)


async def test_without_client_checks_the_bot_gets_the_value_as_it_is(running: Running) -> None:
    """A changed client can send anything; the bot has to cope."""
    body = {"command": "imagine", "options": {"prompt": "x", "images": 9}, "client_checks": False}
    await running.server.control("POST", "interactions", body)
    await until(lambda: running.bot.seen)
    data = running.bot.seen[0].data
    assert data is not None
    assert {"name": "images", "type": 4, "value": 9} in data["options"]  # type: ignore[typeddict-item]


async def test_a_replayed_event_has_the_same_id(running: Running) -> None:
    """Discord may deliver an event twice; the bot must see that it is the same one."""
    outcome = await running.use("server status")
    await running.server.control("POST", f"interactions/{outcome['interaction_id']}/replay")
    await until(lambda: len(running.bot.seen) == 2)
    assert running.bot.seen[0].id == running.bot.seen[1].id


async def test_direct_messages_reach_one_person(running: Running) -> None:
    """The bot can open a direct-message channel and write there."""
    member = await running.bot.fetch_user(int(running.server.state.world.person("member-1").id))
    await member.send("your picture is ready")
    (message,) = await messages(running.server, "dm-member-1")
    assert message["content"] == "your picture is ready"
    await no_violations(running.server)
