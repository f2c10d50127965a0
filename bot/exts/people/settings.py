"""`/settings show|set|reset`: one's own defaults."""

from typing import Any, Literal

import discord
from discord import app_commands

from bot.acceptance import draw_seed
from bot.client import EaselClient, tell_privately
from bot.companions import MAX_CONTROL_WEIGHT, MIN_CONTROL_END
from bot.defaults import compose
from bot.exts.people import styles
from bot.exts.studio.choices import (
    ASPECT_CHOICES,
    MAX_CFG,
    MAX_STEPS,
    SAMPLER_CHOICES,
    suggest_controls,
    suggest_loras,
    suggest_models,
)
from bot.own_defaults import NOTIFY, SETTINGS
from bot.refusals import Refused
from bot.submission import MIN_STRENGTH, Options, submit
from bot.wording import answers
from bot.wording.catalogue import say
from bot.wording.escaping import harmless
from bot.wording.people import settings_message
from config.loading import Registry
from tasks.schema import MAX_IMAGES, MAX_NEGATIVE_CHARACTERS, InputRef

# Some options are checked only where there is a picture to use them on.
_ANY_PICTURE = InputRef(sha256="0" * 64, width=64, height=64)


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
        lora="A LoRA for every picture, and its weight behind a colon; lora:none leaves it out of one",
        lora2="A second LoRA",
        lora3="A third LoRA",
        strength="How much of a picture is drawn anew that you begin with",
        control="What to follow in a control_image",
        control_weight="How strongly to follow it",
        control_end="For which share of the steps to follow it",
        private="Only you see your pictures",
        spoiler="Hide your pictures until somebody clicks",
        notify="How to tell you that a job has ended; a slow one comes as a new message",
    )
    @app_commands.choices(aspect=ASPECT_CHOICES, sampler=SAMPLER_CHOICES)
    @app_commands.autocomplete(
        model=suggest_models,
        style=styles.suggest,
        lora=suggest_loras,
        lora2=suggest_loras,
        lora3=suggest_loras,
        control=suggest_controls,
    )
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
        lora: str | None = None,
        lora2: str | None = None,
        lora3: str | None = None,
        strength: app_commands.Range[float, MIN_STRENGTH, 1.0] | None = None,
        control: str | None = None,
        control_weight: app_commands.Range[float, 0.0, MAX_CONTROL_WEIGHT] | None = None,
        control_end: app_commands.Range[float, MIN_CONTROL_END, 1.0] | None = None,
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
            "lora": lora,
            "lora2": lora2,
            "lora3": lora3,
            "strength": strength,
            "control": control,
            "control_weight": control_weight,
            "control_end": control_end,
            "private": private,
            "spoiler": spoiler,
            "notify": notify,
        }
        await _keep(interaction, {name: value for name, value in given.items() if value is not None})

    @app_commands.command(name="reset", description="Forget one of your defaults, or all")
    @app_commands.describe(option="Which one; without it all")
    @app_commands.choices(option=[app_commands.Choice(name=name, value=name) for name in SETTINGS])
    async def reset(self, interaction: discord.Interaction[EaselClient], option: str | None = None) -> None:
        services, locale, user_id = interaction.client.services, str(interaction.locale), interaction.user.id
        if option is None:
            await services.in_ledger(services.ledger.people.reset, user_id)
            await tell_privately(interaction, say("settings.reset", locale=locale))
            return
        known = await services.in_ledger(services.ledger.people.forget, user_id, option)
        key = "settings.reset.one" if known else "settings.not_set"
        await tell_privately(interaction, say(key, locale=locale, option=harmless(option, most=40)))


async def _keep(interaction: discord.Interaction[EaselClient], given: dict[str, Any]) -> None:
    services, locale = interaction.client.services, str(interaction.locale)
    if not given:
        await tell_privately(interaction, say("settings.nothing", locale=locale))
        return
    try:
        composed = compose(_tried(given, services.registry), settings={}, styles=await styles.usable(interaction))
        submit(composed.options, registry=services.registry, draw_seed=draw_seed)
    except Refused as refused:
        await tell_privately(interaction, answers.refusal(refused.refusal, locale=locale))
        return
    values = await services.in_ledger(services.ledger.people.set, interaction.user.id, given)
    await tell_privately(interaction, settings_message(values, locale=locale))


def _tried(given: dict[str, Any], registry: Registry) -> Options:
    """An order with these options and whatever they need beside them, so that a wrong one is refused now."""
    tried: dict[str, Any] = {name: value for name, value in given.items() if name != NOTIFY}
    if "strength" in given:
        tried["init_image"] = _ANY_PICTURE
    if any(name.startswith("control") for name in given):
        tried["control_image"] = _ANY_PICTURE
        tried.setdefault("control", next(iter(registry.controlnets), None))
    return Options(prompt="-", **tried)
