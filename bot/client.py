"""The Discord client of the bot: commands, buttons, the progress board, and a stop that loses nothing."""

import asyncio
import secrets
import sys
from collections.abc import Awaitable, Callable, Coroutine

import discord
import structlog
from discord import app_commands
from sqlalchemy.exc import SQLAlchemyError

from bot.discord_api import NO_MENTIONS, find_gateway
from bot.progress.board import LOOK_EVERY_S, Board
from bot.progress.editor import StatusEditor
from bot.progress.previews import Previews
from bot.services import Services
from bot.shelf import Shelf
from bot.watch.watcher import Watcher
from bot.wording.catalogue import say

log = structlog.get_logger()

_STOP_WAITS_S = 5.0


class EaselClient(discord.Client):
    """Intents: guilds only. Nothing that it sends can mention anybody."""

    def __init__(
        self, services: Services, *, look_every_s: float = LOOK_EVERY_S, alert_channel_id: int | None = None
    ) -> None:
        super().__init__(
            intents=discord.Intents(guilds=True),
            allowed_mentions=NO_MENTIONS,
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
        )
        self.services = services
        self.tree: app_commands.CommandTree[EaselClient] = EaselTree(self)
        self.editor = StatusEditor(services, self)
        self.board = Board(services, self.editor, Previews(services, self), look_every_s=look_every_s)
        self.shelf = Shelf(services)
        self.watcher = Watcher(
            services,
            self.board,
            self,
            alert_channel_id=alert_channel_id,
            hears_discord=lambda: self.hears_discord,
        )
        self._beside: list[asyncio.Task[None]] = []
        self._spawned: set[asyncio.Task[None]] = set()
        self._hear: list[Hear] = []

    async def setup_hook(self) -> None:
        await find_gateway(self)
        beside = (self.board.run(), self.watcher.run(), self.shelf.run())
        self._beside = [asyncio.create_task(work) for work in beside]

    async def on_ready(self) -> None:
        log.info("bot ready", user=str(self.user), guilds=len(self.guilds))

    async def on_interaction(self, interaction: discord.Interaction["EaselClient"]) -> None:
        for hear in self._hear:
            await hear(interaction)

    @property
    def hears_discord(self) -> bool:
        """Whether the gateway is connected: without it no command arrives, however well the process feels."""
        return self.ws is not None and self.ws.open

    def hear_interactions(self, hear: "Hear") -> None:
        """Let `hear` see every interaction: for those that discord.py would look up in its memory."""
        self._hear.append(hear)

    async def on_error(self, event_method: str, /, *_args: object, **_kwargs: object) -> None:
        log.error("event handler failed", event_method=event_method, exc_info=sys.exception())

    def spawn(self, work: Coroutine[None, None, None]) -> None:
        """Let `work` go on by itself."""
        task = asyncio.create_task(work)
        self._spawned.add(task)
        task.add_done_callback(self._spawned.discard)

    async def stop(self) -> None:
        """Finish the commands at hand, then leave Discord."""
        try:
            await asyncio.wait_for(self.services.in_flight.over(), _STOP_WAITS_S)
        except TimeoutError:
            log.warning("commands were still at work when the bot stopped; the sweep takes them up")
        for task in self._beside:
            task.cancel()
        await asyncio.gather(*self._beside, return_exceptions=True)
        await self.close()


class ShardedEaselClient(EaselClient, discord.AutoShardedClient):
    """The same over several gateway connections, as many as Discord recommends: needed from 2500 servers on."""

    @property
    def hears_discord(self) -> bool:
        """Each of them counts: a lost shard is a part of the servers in which nobody is answered."""
        return bool(self.shards) and not any(shard.is_closed() for shard in self.shards.values())


Hear = Callable[[discord.Interaction[EaselClient]], Awaitable[None]]


class EaselTree(app_commands.CommandTree[EaselClient]):
    """The command tree; an unexpected error gets a number that is in the log, too."""

    async def on_error(
        self, interaction: discord.Interaction[EaselClient], error: app_commands.AppCommandError, /
    ) -> None:
        if isinstance(error, app_commands.CheckFailure):
            return  # the check has told the member why
        if isinstance(getattr(error, "original", None), SQLAlchemyError):
            log.warning("ledger does not answer", interaction_id=interaction.id, error=repr(error))
            await tell_privately(interaction, say("away.lookup", locale=str(interaction.locale)))
            return
        await apologize(interaction, error)


async def explained(interaction: discord.Interaction[EaselClient], work: Awaitable[None]) -> None:
    """Await `work`; whatever goes wrong is told, because discord.py itself would only log it."""
    try:
        await work
    except SQLAlchemyError:
        await tell_privately(interaction, say("away.lookup", locale=str(interaction.locale)))
    except Exception as error:  # noqa: BLE001 - the border to people
        await apologize(interaction, error)


async def apologize(interaction: discord.Interaction[EaselClient], error: Exception) -> None:
    """Tell the member that it was our fault, with the number under which the log has the reason."""
    reference = secrets.token_hex(4)
    interaction.client.services.metrics.apologies.inc()
    log.error("interaction failed", reference=reference, interaction_id=interaction.id, exc_info=error)
    sentence = say("away.unexpected", locale=str(interaction.locale), reference=reference)
    try:
        await tell_privately(interaction, sentence)
    except discord.HTTPException as refused:
        log.warning("apology was not delivered", reference=reference, status=refused.status, code=refused.code)


async def turn_down(interaction: discord.Interaction[EaselClient], sentence: str) -> None:
    """The private answer to a command that comes to nothing.

    Where Discord already shows "thinking" to all, that has to go first: it would swallow the next message and show it
    to everybody.
    """
    if interaction.response.type is discord.InteractionResponseType.deferred_channel_message:
        await interaction.delete_original_response()
    await tell_privately(interaction, sentence)


async def tell_privately(interaction: discord.Interaction[EaselClient], sentence: str) -> None:
    """An answer that only the member sees."""
    if interaction.response.is_done():
        await interaction.followup.send(sentence, ephemeral=True, allowed_mentions=NO_MENTIONS)
    else:
        await interaction.response.send_message(sentence, ephemeral=True, allowed_mentions=NO_MENTIONS)
