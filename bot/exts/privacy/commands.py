"""`/privacy show|export|delete`."""

import io

import discord
from discord import app_commands

from bot.client import EaselClient, tell_privately
from bot.discord_api import NO_MENTIONS
from bot.exts.privacy.erasing import ask
from bot.exts.privacy.export import document
from bot.wording.catalogue import say
from tasks.ledger.privacy import Dossier


@app_commands.allowed_contexts(guilds=True, dms=True, private_channels=False)
@app_commands.allowed_installs(guilds=True, users=False)
class PrivacyGroup(app_commands.Group):
    """One's own data."""

    def __init__(self) -> None:
        super().__init__(name="privacy", description="What I have about you")

    @app_commands.command(name="show", description="What I have about you, and who gets to see it")
    async def show(self, interaction: discord.Interaction[EaselClient]) -> None:
        locale, dossier = str(interaction.locale), await _dossier(interaction)
        settings = 0 if dossier.settings is None else len(dossier.settings.values_json)
        lines = [
            say("privacy.title", locale=locale),
            say("privacy.jobs", locale=locale, number=len(dossier.jobs)),
            say("privacy.styles", locale=locale, number=len(dossier.styles), settings=settings),
            say("privacy.audit", locale=locale, number=len(dossier.audit)),
            say("privacy.logs", locale=locale),
            say("privacy.how", locale=locale),
        ]
        await tell_privately(interaction, "\n".join(lines))

    @app_commands.command(name="export", description="All of it as a file")
    async def export(self, interaction: discord.Interaction[EaselClient]) -> None:
        await interaction.response.defer(ephemeral=True)
        dossier = await _dossier(interaction)
        data = await interaction.client.services.in_ledger(document, dossier, interaction.filesize_limit)
        await interaction.followup.send(
            say("privacy.export", locale=str(interaction.locale)),
            file=discord.File(io.BytesIO(data), filename="easel-privacy.json"),
            ephemeral=True,
            allowed_mentions=NO_MENTIONS,
        )

    @app_commands.command(name="delete", description="Erase it; asks again before it does")
    @app_commands.describe(pictures="Delete the messages with your pictures, too")
    async def delete(self, interaction: discord.Interaction[EaselClient], pictures: bool = False) -> None:
        await ask(interaction, pictures=pictures)


async def _dossier(interaction: discord.Interaction[EaselClient]) -> Dossier:
    services = interaction.client.services
    return await services.in_ledger(services.ledger.privacy.dossier, interaction.user.id)
