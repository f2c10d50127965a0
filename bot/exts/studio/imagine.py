"""`/imagine`: the options become an order."""

from collections.abc import Mapping
from dataclasses import replace

import discord
from discord import app_commands

from bot.client import EaselClient
from bot.companions import MAX_CONTROL_WEIGHT, MIN_CONTROL_END
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
from bot.exts.studio.given import take_order_with
from bot.pictures.receiving import Given, Wanted, ref_of
from bot.submission import MIN_STRENGTH, Options
from tasks.schema import MAX_IMAGES, MAX_NEGATIVE_CHARACTERS, MAX_PROMPT_CHARACTERS, MAX_SEED


@app_commands.command(name="imagine", description="Draw pictures from a description")
@app_commands.describe(
    prompt="What to draw",
    negative="What to keep out of the picture",
    model="Which model draws; type to search",
    style="One of your styles or of this server's",
    aspect="Shape of the picture",
    images="How many pictures, 1 to 4",
    seed="The same seed and options give the same picture",
    steps="Denoising steps; more is slower and finer",
    cfg="How closely to follow the prompt",
    sampler="How the picture is denoised",
    lora="A LoRA, and its weight behind a colon: ink:0.8; type to search",
    lora2="A second LoRA",
    lora3="A third LoRA",
    init_image="Begin with this picture: PNG, JPEG or WebP",
    strength="How much of it is drawn anew; 1 forgets it",
    control_image="Follow the outlines, depth or pose of this picture",
    control="What to follow, or that the picture is a map already",
    control_weight="How strongly to follow it",
    control_end="For which share of the steps to follow it",
    private="Only you see the pictures",
    spoiler="Hide the pictures until somebody clicks",
)
@app_commands.autocomplete(
    model=suggest_models,
    style=styles.suggest,
    lora=suggest_loras,
    lora2=suggest_loras,
    lora3=suggest_loras,
    control=suggest_controls,
)
@app_commands.choices(aspect=ASPECT_CHOICES, sampler=SAMPLER_CHOICES)
@app_commands.allowed_contexts(guilds=True, dms=True, private_channels=False)
@app_commands.allowed_installs(guilds=True, users=False)
async def imagine(  # noqa: PLR0917 - discord.py passes the options by name
    interaction: discord.Interaction[EaselClient],
    prompt: app_commands.Range[str, 1, MAX_PROMPT_CHARACTERS],
    negative: app_commands.Range[str, 0, MAX_NEGATIVE_CHARACTERS] | None = None,
    model: str | None = None,
    style: str | None = None,
    aspect: str | None = None,
    images: app_commands.Range[int, 1, MAX_IMAGES] | None = None,
    seed: app_commands.Range[int, 0, MAX_SEED] | None = None,
    steps: app_commands.Range[int, 1, MAX_STEPS] | None = None,
    cfg: app_commands.Range[float, 0.0, MAX_CFG] | None = None,
    sampler: str | None = None,
    lora: str | None = None,
    lora2: str | None = None,
    lora3: str | None = None,
    init_image: discord.Attachment | None = None,
    strength: app_commands.Range[float, MIN_STRENGTH, 1.0] | None = None,
    control_image: discord.Attachment | None = None,
    control: str | None = None,
    control_weight: app_commands.Range[float, 0.0, MAX_CONTROL_WEIGHT] | None = None,
    control_end: app_commands.Range[float, MIN_CONTROL_END, 1.0] | None = None,
    private: bool | None = None,
    spoiler: bool | None = None,
) -> None:
    options = Options(
        prompt=prompt,
        negative=negative,
        model=model,
        aspect=aspect,
        images=images,
        seed=seed,
        steps=steps,
        cfg=cfg,
        sampler=sampler,
        style=style,
        lora=lora,
        lora2=lora2,
        lora3=lora3,
        strength=strength,
        control=control,
        control_weight=control_weight,
        control_end=control_end,
        private=private,
        spoiler=spoiler,
    )
    attached = {"init_image": init_image, "control_image": control_image}

    def complete(given: Mapping[str, Given]) -> Options:
        return replace(options, init_image=ref_of(given, "init_image"), control_image=ref_of(given, "control_image"))

    wanted = {name: Wanted(each) for name, each in attached.items() if each is not None}
    with interaction.client.services.in_flight.one():
        await take_order_with(interaction, wanted, complete, private=private)
