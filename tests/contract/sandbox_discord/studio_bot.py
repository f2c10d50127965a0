"""A small bot on the real discord.py, the client against which the sandbox is measured."""

import asyncio
import io
import re
from typing import Any, Literal, Self

import discord
import yarl
from discord import app_commands
from discord.gateway import DiscordWebSocket
from PIL import Image

from sandbox.discord.server import DiscordServer
from sandbox.discord.world import GUILD_ID

MODELS = ["sdxl-base", "sdxl-lightning", "animagine-xl"]
NO_MENTIONS = discord.AllowedMentions.none()


def picture(shade: int, size: tuple[int, int] = (64, 48)) -> discord.File:
    """A PNG of one colour."""
    data = io.BytesIO()
    Image.new("RGB", size, (shade % 256, 90, 160)).save(data, "PNG")
    data.seek(0)
    return discord.File(data, filename=f"picture-{shade}.png", description="A quiet colour")


class CancelButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=r"v1:cancel:(?P<job>[a-z0-9]+)"
):
    """A button without state in memory: its id says everything."""

    def __init__(self, job: str) -> None:
        style = discord.ButtonStyle.danger
        super().__init__(
            discord.ui.Button(
                label="Cancel", emoji="\N{HEAVY MULTIPLICATION X}", style=style, custom_id=f"v1:cancel:{job}"
            )
        )
        self.job = job

    @classmethod
    async def from_custom_id(cls, _: Any, __: Any, match: re.Match[str]) -> Self:
        return cls(match["job"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        await interaction.response.edit_message(content=f"cancelled {self.job}", view=None)


class RemixModal(discord.ui.Modal, title="Remix"):
    prompt: discord.ui.Label[Any] = discord.ui.Label(
        text="Prompt", component=discord.ui.TextInput(custom_id="prompt", max_length=100)
    )
    strength: discord.ui.Label[Any] = discord.ui.Label(
        text="Strength",
        component=discord.ui.Select(
            custom_id="strength",
            options=[discord.SelectOption(label="Low", value="low"), discord.SelectOption(label="High", value="high")],
        ),
    )

    async def on_submit(self, interaction: discord.Interaction[Any]) -> None:
        prompt, strength = self.prompt.component, self.strength.component
        assert isinstance(prompt, discord.ui.TextInput)
        assert isinstance(strength, discord.ui.Select)
        await interaction.response.send_message(f"remix: {prompt.value} ({strength.values[0]})", ephemeral=True)


class StudioBot(discord.Client):
    """Answers a few commands in every way that Easel needs."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            intents=discord.Intents.default(), allowed_mentions=NO_MENTIONS, guild_ready_timeout=0.05, **options
        )
        self.tree = app_commands.CommandTree(self)
        self.seen: list[discord.Interaction[Any]] = []
        self.messages: list[discord.Message] = []
        self.resumed = asyncio.Event()
        self.hold = asyncio.Event()
        self.hold.set()
        self._commands()

    async def setup_hook(self) -> None:
        self.add_dynamic_items(CancelButton)

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        self.seen.append(interaction)

    async def on_message(self, message: discord.Message) -> None:
        self.messages.append(message)

    async def on_resumed(self) -> None:
        self.resumed.set()

    def _commands(self) -> None:
        imagine_command = self.tree.command(description="Paint a picture")(imagine)
        imagine_command.autocomplete("model")(suggest_model)
        self.tree.command(description="Wait before answering")(slow)
        self.tree.command(description="Open a form")(remix)
        group = app_commands.Group(name="server", description="About the server")
        group.command(name="status", description="How it is going")(status)
        self.tree.add_command(group)
        self.tree.add_command(app_commands.ContextMenu(name="Image info", callback=image_info))


@app_commands.describe(prompt="What to paint", images="How many", model="Which model", aspect="Shape")
async def imagine(  # noqa: PLR0917 - discord.py passes options by keyword
    interaction: discord.Interaction[Any],
    prompt: app_commands.Range[str, 1, 1500],
    model: str = "sdxl-base",
    aspect: Literal["1:1", "16:9"] = "1:1",
    images: app_commands.Range[int, 1, 4] = 1,
    init_image: discord.Attachment | None = None,
) -> None:
    """Acknowledges, then edits the answer with pictures and a button."""
    await interaction.response.send_message(f"queued: {prompt}")
    view = discord.ui.View(timeout=None)
    view.add_item(CancelButton("job1"))
    files = [picture(40 + 60 * n) for n in range(images)]
    note = f" from {init_image.width}x{init_image.height}" if init_image else ""
    text = f"**{prompt}** with `{model}` {aspect}{note}"
    await interaction.edit_original_response(content=text, attachments=files, view=view)


async def suggest_model(_: discord.Interaction[Any], current: str) -> list[app_commands.Choice[str]]:
    return [app_commands.Choice(name=m.upper(), value=m) for m in MODELS if current in m]


async def slow(interaction: discord.Interaction[Any]) -> None:
    bot = interaction.client
    assert isinstance(bot, StudioBot)
    await bot.hold.wait()
    await interaction.response.send_message("at last")


async def remix(interaction: discord.Interaction[Any]) -> None:
    await interaction.response.send_modal(RemixModal())


async def status(interaction: discord.Interaction[Any]) -> None:
    await interaction.response.defer(ephemeral=True, thinking=True)
    await interaction.edit_original_response(content="all is well")


async def image_info(interaction: discord.Interaction[Any], message: discord.Message) -> None:
    await interaction.response.send_message(f"{len(message.attachments)} files", ephemeral=True)


class Running:
    """A bot that is logged in to a sandbox."""

    def __init__(self, server: DiscordServer, bot: StudioBot) -> None:
        self.server = server
        self.bot = bot
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self.bot.start(self.server.state.token))
        ready = asyncio.create_task(self.bot.wait_until_ready())
        await asyncio.wait({self._task, ready}, timeout=10, return_when=asyncio.FIRST_COMPLETED)
        if self._task.done():
            self._task.result()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.bot.close()
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    async def sync(self) -> None:
        self.bot.tree.copy_global_to(guild=discord.Object(GUILD_ID))
        await self.bot.tree.sync(guild=discord.Object(GUILD_ID))

    async def use(self, command: str, **options: Any) -> Any:
        body = {"command": command, "options": options, "wait": True}
        return await self.server.control("POST", "interactions", body)


def point_at(server: DiscordServer, monkeypatch: Any) -> None:
    """Sends discord.py to the sandbox."""
    monkeypatch.setattr(discord.http.Route, "BASE", server.api_url)
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(server.state.gateway_url))


async def until(condition: Any, *, within_s: float = 5.0) -> None:
    """Waits for something that another task brings about."""
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - what is waited for lives in another program's state
            await asyncio.sleep(0.01)


async def until_edited(server: DiscordServer, channel: str = "general") -> None:
    """Waits until every message of a channel has been edited: the bot has done its second step."""
    channel_id = server.state.world.channel(channel).id

    def edited() -> bool:
        found = server.state.messages.in_channel(channel_id)
        return bool(found) and all(message.edited_at for message in found)

    await until(edited)
