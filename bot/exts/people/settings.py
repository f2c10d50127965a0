"""`/settings show|set|reset`: one's own defaults."""

from typing import Any, Literal

import discord
from discord import app_commands

from bot.acceptance import draw_seed
from bot.client import EaselClient, tell_privately
from bot.defaults import compose
from bot.exts.people import styles
from bot.exts.studio.choices import ASPECT_CHOICES, MAX_CFG, MAX_STEPS, SAMPLER_CHOICES, suggest_models
from bot.refusals import Refused
from bot.submission import Options, submit
from bot.wording import answers
from bot.wording.catalogue import say
from bot.wording.people import settings_message
from tasks.schema import MAX_IMAGES, MAX_NEGATIVE_CHARACTERS


@app_commands.allowed_contexts(guilds=True, dms=True, private_channels=False)
@app_commands.allowed_installs(guilds=True, users=False)
class SettingsGroup(app_commands.Group):
    """One's own defaults."""

    def __init__(self) -> None:
        super().__init__(name="settings", description="Your own defaults")

    @app_commands.command(name="show", description="Your own defaults")
    async def show(self, interaction: discord.Interaction[EaselClient]) -> None:
        services = interaction.client.services
        values = await services.in_ledger(services.ledger.people.settings, interaction.user.id)
        await tell_privately(interaction, settings_message(values, locale=str(interaction.locale)))

    @app_commands.command(name="set", description="Keep options as your defaults; what you leave out stays")
    @app_commands.describe(
        negative="What to keep out of your pictures",
        model="Which model draws",
        style="A style for every picture",
        aspect="Shape of the picture",
        images="How many pictures",
        steps="Denoising steps, where the model allows so many",
        cfg="How closely to follow the prompt, where the model allows it",
        sampler="How the picture is denoised",
        private="Only you see your pictures",
        spoiler="Hide your pictures until somebody clicks",
        notify="How to tell you that a job has ended; a slow one comes as a new message",
    )
    @app_commands.choices(aspect=ASPECT_CHOICES, sampler=SAMPLER_CHOICES)
    @app_commands.autocomplete(model=suggest_models, style=styles.suggest)
    async def set(  # noqa: PLR0917 - discord.py passes the options by name
        self,
        interaction: discord.Interaction[EaselClient],
        negative: app_commands.Range[str, 0, MAX_NEGATIVE_CHARACTERS] | None = None,
        model: str | None = None,
        style: str | None = None,
        aspect: str | None = None,
        images: app_commands.Range[int, 1, MAX_IMAGES] | None = None,
        steps: app_commands.Range[int, 1, MAX_STEPS] | None = None,
        cfg: app_commands.Range[float, 0.0, MAX_CFG] | None = None,
        sampler: str | None = None,
        private: bool | None = None,
        spoiler: bool | None = None,
        notify: Literal["mention", "dm", "none"] | None = None,
    ) -> None:
        given: dict[str, Any] = {
            "negative": negative,
            "model": model,
            "style": style,
            "aspect": aspect,
            "images": images,
            "steps": steps,
            "cfg": cfg,
            "sampler": sampler,
            "private": private,
            "spoiler": spoiler,
            "notify": notify,
        }
        await _keep(interaction, {name: value for name, value in given.items() if value is not None})

    @app_commands.command(name="reset", description="Forget all of your defaults")
    async def reset(self, interaction: discord.Interaction[EaselClient]) -> None:
        services = interaction.client.services
        await services.in_ledger(services.ledger.people.reset, interaction.user.id)
        await tell_privately(interaction, say("settings.reset", locale=str(interaction.locale)))


async def _keep(interaction: discord.Interaction[EaselClient], given: dict[str, Any]) -> None:
    services, locale = interaction.client.services, str(interaction.locale)
    if not given:
        await tell_privately(interaction, say("settings.nothing", locale=locale))
        return
    try:
        tried = Options(prompt="-", **{name: value for name, value in given.items() if name != "notify"})
        composed = compose(tried, settings={}, styles=await styles.usable(interaction))
        submit(composed.options, registry=services.registry, draw_seed=draw_seed)
    except Refused as refused:
        await tell_privately(interaction, answers.refusal(refused.refusal, locale=locale))
        return
    values = await services.in_ledger(services.ledger.people.set, interaction.user.id, given)
    await tell_privately(interaction, settings_message(values, locale=locale))
