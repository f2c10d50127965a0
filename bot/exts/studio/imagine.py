"""`/imagine`: the options become an order."""

import discord
from discord import app_commands

from bot.client import EaselClient
from bot.exts.people import styles
from bot.exts.studio.choices import ASPECT_CHOICES, MAX_CFG, MAX_STEPS, SAMPLER_CHOICES, suggest_models
from bot.exts.studio.orders import take_order
from bot.submission import Options
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
    private="Only you see the pictures",
    spoiler="Hide the pictures until somebody clicks",
)
@app_commands.autocomplete(model=suggest_models, style=styles.suggest)
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
        private=private,
        spoiler=spoiler,
    )
    with interaction.client.services.in_flight.one():
        await take_order(interaction, options)
