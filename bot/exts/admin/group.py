"""`/admin …`: for members with Manage Server, which is checked here again and not left to Discord's client."""

from typing import Any, Literal

import discord
from discord import app_commands

from bot.client import EaselClient, tell_privately
from bot.exts.admin import audit, models, people, words
from bot.exts.studio.choices import suggest_every_model
from bot.house.adult import Policy
from bot.wording.catalogue import say
from bot.wording.escaping import harmless
from bot.wording.house import channel_message
from tasks.ledger.house_models import ChannelRule

_POLICIES = [
    app_commands.Choice(name="refuse them", value=Policy.BLOCK),
    app_commands.Choice(name="post them as spoilers", value=Policy.SPOILER),
    app_commands.Choice(name="allow them if the channel is age-restricted", value=Policy.AGE_RESTRICTED),
]


class Drawable(app_commands.Transformer):
    """Any channel or thread in which one can draw; Discord's own description does not know media channels here."""

    @property
    def type(self) -> discord.AppCommandOptionType:
        return discord.AppCommandOptionType.channel

    @property
    def channel_types(self) -> list[discord.ChannelType]:
        kinds = discord.ChannelType
        threads = [kinds.public_thread, kinds.private_thread, kinds.news_thread]
        return [kinds.text, kinds.news, kinds.forum, kinds.voice, *threads]

    async def transform(
        self, interaction: discord.Interaction[discord.Client], value: Any, /
    ) -> app_commands.AppCommandChannel | app_commands.AppCommandThread:
        del interaction
        found: app_commands.AppCommandChannel | app_commands.AppCommandThread = value
        return found


@app_commands.default_permissions(manage_guild=True)
@app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
@app_commands.allowed_installs(guilds=True, users=False)
class AdminGroup(app_commands.Group):
    """Rules of this server."""

    def __init__(self) -> None:
        super().__init__(name="admin", description="Rules of this server; needs Manage Server")

    async def interaction_check(self, interaction: discord.Interaction[EaselClient], /) -> bool:  # type: ignore[override]
        locale = str(interaction.locale)
        if interaction.guild_id is None:
            await tell_privately(interaction, say("admin.server_only", locale=locale))
            return False
        if not interaction.permissions.manage_guild:
            await tell_privately(interaction, say("admin.no_right", locale=locale))
            return False
        return True

    @app_commands.command(name="channel", description="Whether one may draw in a channel, and what is shown there")
    @app_commands.describe(
        channel="Which channel",
        enabled="Whether members may draw there",
        nsfw_policy="What becomes of prompts that your filter calls adult; spoilers have no previews",
        preview="Whether unfinished pictures are shown there; without a word they are",
    )
    @app_commands.choices(nsfw_policy=_POLICIES)
    async def channel(
        self,
        interaction: discord.Interaction[EaselClient],
        channel: app_commands.Transform[app_commands.AppCommandChannel | app_commands.AppCommandThread, Drawable],
        enabled: bool | None = None,
        nsfw_policy: str | None = None,
        preview: bool | None = None,
    ) -> None:
        services, guild_id = interaction.client.services, interaction.guild_id or 0
        rules = await services.in_ledger(services.ledger.house.all_of, ChannelRule, guild_id)
        before = next((rule for rule in rules if rule.channel_id == channel.id), None)
        rule = ChannelRule(
            guild_id=guild_id,
            channel_id=channel.id,
            enabled=(before is None or before.enabled) if enabled is None else enabled,
            nsfw_policy=nsfw_policy or (before.nsfw_policy if before else Policy.BLOCK),
            preview=(before is None or before.preview) if preview is None else preview,
        )
        said = channel_message(rule, locale=str(interaction.locale))
        if (enabled, nsfw_policy, preview) != (None, None, None):
            await services.in_ledger(services.ledger.house.put, rule, audit.entry(interaction, "channel", detail=said))
        await tell_privately(interaction, said)

    @app_commands.command(name="limits", description="What members of a role may; of several roles the best counts")
    @app_commands.describe(
        role="Whose limits; without it all are shown",
        per_day="Pictures a day",
        parallel="Jobs at a time",
        max_steps="Denoising steps",
        max_images="Pictures a job",
        priority="How many further jobs go to the front of the queue as the first one does",
        clear="Remove the limits of this role",
    )
    async def limits(  # noqa: PLR0917 - discord.py passes the options by name
        self,
        interaction: discord.Interaction[EaselClient],
        role: discord.Role | None = None,
        per_day: app_commands.Range[int, 0, 5000] | None = None,
        parallel: app_commands.Range[int, 1, 20] | None = None,
        max_steps: app_commands.Range[int, 1, 150] | None = None,
        max_images: app_commands.Range[int, 1, 4] | None = None,
        priority: app_commands.Range[int, 0, 9] | None = None,
        clear: bool = False,
    ) -> None:
        await people.limit(
            interaction,
            role,
            clear=clear,
            per_day=per_day,
            parallel=parallel,
            max_steps=max_steps,
            max_images=max_images,
            priority=priority,
        )

    @app_commands.command(name="models", description="Allow or deny models; once one is allowed, only allowed ones are")
    @app_commands.describe(action="What to do; forget removes a rule", name="Which model")
    @app_commands.autocomplete(name=suggest_every_model)
    async def models(
        self,
        interaction: discord.Interaction[EaselClient],
        action: Literal["allow", "deny", "forget", "list"],
        name: str | None = None,
    ) -> None:
        await models.change(interaction, action, name)

    @app_commands.command(name="filter", description="Words that prompts may not hold, or that make them adult")
    @app_commands.describe(
        action="What to do; test tries a prompt",
        pattern="Whole words, * for any ending; for a test the prompt",
        adult="Do not refuse such prompts but call them adult",
    )
    async def filter(
        self,
        interaction: discord.Interaction[EaselClient],
        action: Literal["add", "remove", "list", "test"],
        pattern: app_commands.Range[str, 1, 100] | None = None,
        adult: bool = False,
    ) -> None:
        await words.change(interaction, action, pattern, adult=adult)

    @app_commands.command(name="block", description="Let a member draw no more")
    @app_commands.describe(user="Whom", until="For how long: 12h, 7d; without it for ever", reason="They read it")
    async def block(
        self,
        interaction: discord.Interaction[EaselClient],
        user: discord.User,
        until: str | None = None,
        reason: app_commands.Range[str, 1, 300] = "-",
    ) -> None:
        await people.block(interaction, user, until, reason)

    @app_commands.command(name="unblock", description="Let a member draw again")
    @app_commands.describe(user="Whom")
    async def unblock(self, interaction: discord.Interaction[EaselClient], user: discord.User) -> None:
        await people.unblock(interaction, user)

    @app_commands.command(name="grant", description="Give a member more pictures for today")
    @app_commands.describe(user="Whom", amount="How many pictures")
    async def grant(
        self,
        interaction: discord.Interaction[EaselClient],
        user: discord.User,
        amount: app_commands.Range[int, 1, 5000],
    ) -> None:
        await people.grant(interaction, user, amount)

    @app_commands.command(name="audit", description="Who changed what, and what was drawn; a page and a file")
    @app_commands.describe(user="Only by or about this member", job="Only this job's id", since="Since when: 12h, 7d")
    async def audit(
        self,
        interaction: discord.Interaction[EaselClient],
        user: discord.User | None = None,
        job: str | None = None,
        since: str | None = None,
    ) -> None:
        services, length = interaction.client.services, audit.duration(since) if since else None
        if since and length is None:
            sentence = say("admin.block.until", locale=str(interaction.locale), given=harmless(since, most=40))
            await tell_privately(interaction, sentence)
            return
        moment = None if length is None else services.clock() - length
        await audit.show(interaction, user_id=None if user is None else user.id, job_id=job, since=moment)
