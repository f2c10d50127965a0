"""`/server status|queue`: machines, wait and spend for everybody, and one's own place, from what the board knows."""

from datetime import datetime, timedelta

import discord
from discord import app_commands

from bot.client import EaselClient, tell_privately
from bot.discord_api import NO_MENTIONS
from bot.wording.catalogue import say
from bot.wording.studio import StudioView, studio_message
from bot.wording.waiting import queue_message

CACHED_FOR = timedelta(seconds=5)


@app_commands.allowed_contexts(guilds=True, dms=True, private_channels=False)
@app_commands.allowed_installs(guilds=True, users=False)
class ServerGroup(app_commands.Group):
    """Reading for everybody."""

    def __init__(self) -> None:
        super().__init__(name="server", description="How the studio is doing")
        self._answers: dict[str, tuple[datetime, str]] = {}

    @app_commands.command(name="status", description="GPUs, queue, expected wait and money spent today")
    async def status(self, interaction: discord.Interaction[EaselClient]) -> None:
        locale = str(interaction.locale)
        sentence = self._cached(interaction.client, locale)
        await interaction.response.send_message(sentence, allowed_mentions=NO_MENTIONS, suppress_embeds=True)

    @app_commands.command(name="queue", description="Your own place in the queue")
    async def queue(self, interaction: discord.Interaction[EaselClient]) -> None:
        board, locale = interaction.client.board, str(interaction.locale)
        if not board.ledger_answers:
            await tell_privately(interaction, say("away.lookup", locale=locale))
            return
        own = [(job, board.line(job)) for job in board.queue if job.user_id == interaction.user.id]
        said = queue_message(own, total=len(board.queue), now=interaction.client.services.clock(), locale=locale)
        await tell_privately(interaction, said)

    def _cached(self, client: EaselClient, locale: str) -> str:
        now = client.services.clock()
        at, sentence = self._answers.get(locale, (None, ""))
        if at is None or now - at >= CACHED_FOR:
            sentence = studio_message(studio_view(client), now=now, locale=locale)
            self._answers[locale] = (now, sentence)
        return sentence


def studio_view(client: EaselClient) -> StudioView:
    """What the board knows; it looks every few seconds by itself."""
    board = client.board
    return StudioView(
        fleet=board.fleet,
        queue=board.queue if board.ledger_answers else None,
        rate=board.rate,
        redis=board.redis_answers,
    )
