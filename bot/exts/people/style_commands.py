"""`/style save|list|delete|share`: named options, one's own or the server's."""

from typing import Literal

import discord
from discord import app_commands

from bot.client import EaselClient, tell_privately
from bot.exts.jobs import choosing
from bot.exts.people import style_keeping, styles
from bot.wording.catalogue import say
from bot.wording.escaping import harmless
from bot.wording.people import styles_message
from tasks.ledger.people_models import Style, scope_of_guild, scope_of_user

_WORDS = 500


@app_commands.allowed_contexts(guilds=True, dms=True, private_channels=False)
@app_commands.allowed_installs(guilds=True, users=False)
class StyleGroup(app_commands.Group):
    """Named options."""

    def __init__(self) -> None:
        super().__init__(name="style", description="Named options, yours or this server's")

    @app_commands.command(name="save", description="Keep words and options under a name")
    @app_commands.describe(
        name="What to call it",
        words="Words to add to the prompt; {prompt} marks where it goes",
        negative="What to keep out",
        from_job="Take model, steps, cfg and sampler from one of your jobs",
    )
    @app_commands.autocomplete(from_job=choosing.own_jobs)
    async def save(
        self,
        interaction: discord.Interaction[EaselClient],
        name: app_commands.Range[str, 1, 32],
        words: app_commands.Range[str, 1, _WORDS] | None = None,
        negative: app_commands.Range[str, 1, _WORDS] | None = None,
        from_job: str | None = None,
    ) -> None:
        job = None
        if from_job is not None:
            job = await choosing.chosen(interaction, from_job)
            if job is None:
                return
        content = style_keeping.content_of(words, negative, job)
        await tell_privately(interaction, await style_keeping.keep(interaction, name, content))

    @app_commands.command(name="list", description="Your styles and this server's")
    async def list(self, interaction: discord.Interaction[EaselClient]) -> None:
        await tell_privately(
            interaction, styles_message(await styles.usable(interaction), locale=str(interaction.locale))
        )

    @app_commands.command(name="delete", description="Forget a style")
    @app_commands.describe(name="Which one", scope="Yours, or this server's, which needs Manage Server")
    @app_commands.autocomplete(name=styles.suggest)
    async def delete(
        self, interaction: discord.Interaction[EaselClient], name: str, scope: Literal["me", "server"] = "me"
    ) -> None:
        services, locale = interaction.client.services, str(interaction.locale)
        if scope == "server" and not await _may_share(interaction):
            return
        wanted = name.strip().casefold()
        gone = await services.in_ledger(services.ledger.people.drop_style, _scope(interaction, scope), wanted)
        key, shown = ("style.deleted" if gone else "style.unknown"), harmless(wanted, most=32)
        await tell_privately(interaction, say(key, locale=locale, name=wanted, given=shown))

    @app_commands.command(name="share", description="Give one of your styles to this server; needs Manage Server")
    @app_commands.describe(name="Which one")
    @app_commands.autocomplete(name=styles.suggest)
    async def share(self, interaction: discord.Interaction[EaselClient], name: str) -> None:
        services, locale = interaction.client.services, str(interaction.locale)
        if not await _may_share(interaction):
            return
        wanted, people = name.strip().casefold(), services.ledger.people
        own = await services.in_ledger(people.style, scope_of_user(interaction.user.id), wanted)
        if own is None:
            await tell_privately(interaction, say("style.unknown", locale=locale, given=harmless(name, most=32)))
            return
        shared = Style(
            scope=scope_of_guild(interaction.guild_id or 0),
            name=own.name,
            owner_id=own.owner_id,
            values_json=own.values_json,
        )
        await services.in_ledger(people.put_style, shared)
        await tell_privately(interaction, say("style.is_shared", locale=locale, name=own.name))


def _scope(interaction: discord.Interaction[EaselClient], scope: str) -> str:
    guild_id = interaction.guild_id or 0
    return scope_of_guild(guild_id) if scope == "server" else scope_of_user(interaction.user.id)


async def _may_share(interaction: discord.Interaction[EaselClient]) -> bool:
    locale = str(interaction.locale)
    if interaction.guild_id is None:
        await tell_privately(interaction, say("style.server_only", locale=locale))
        return False
    if not interaction.permissions.manage_guild:
        await tell_privately(interaction, say("style.no_right", locale=locale))
        return False
    return True
