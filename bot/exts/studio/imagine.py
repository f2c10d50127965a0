"""`/imagine`: the options become an order."""

import discord
from discord import app_commands

from bot import model_index
from bot.aspects import ASPECTS
from bot.client import EaselClient
from bot.exts.studio.orders import take_order
from bot.submission import Options
from tasks.schema import MAX_IMAGES, MAX_NEGATIVE_CHARACTERS, MAX_PROMPT_CHARACTERS, MAX_SEED

MAX_STEPS = 60
MAX_CFG = 30.0
_NAME_LIMIT = 100


@app_commands.command(name="imagine", description="Draw pictures from a description")
@app_commands.describe(
    prompt="What to draw",
    negative="What to keep out of the picture",
    model="Which model draws; type to search",
    aspect="Shape of the picture",
    images="How many pictures, 1 to 4",
    seed="The same seed and options give the same picture",
    steps="Denoising steps; more is slower and finer",
    cfg="How closely to follow the prompt",
)
@app_commands.choices(aspect=[app_commands.Choice(name=aspect, value=aspect) for aspect in ASPECTS])
@app_commands.allowed_contexts(guilds=True, dms=True, private_channels=False)
@app_commands.allowed_installs(guilds=True, users=False)
async def imagine(  # noqa: PLR0917 - discord.py passes the options by name
    interaction: discord.Interaction[EaselClient],
    prompt: app_commands.Range[str, 1, MAX_PROMPT_CHARACTERS],
    negative: app_commands.Range[str, 0, MAX_NEGATIVE_CHARACTERS] | None = None,
    model: str | None = None,
    aspect: str | None = None,
    images: app_commands.Range[int, 1, MAX_IMAGES] | None = None,
    seed: app_commands.Range[int, 0, MAX_SEED] | None = None,
    steps: app_commands.Range[int, 1, MAX_STEPS] | None = None,
    cfg: app_commands.Range[float, 0.0, MAX_CFG] | None = None,
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
    )
    with interaction.client.services.in_flight.one():
        await take_order(interaction, options)


@imagine.autocomplete("model")
async def suggest_models(interaction: discord.Interaction[EaselClient], typed: str) -> list[app_commands.Choice[str]]:
    """From memory: no request, no thread."""
    checkpoints = interaction.client.services.registry.checkpoints
    return [
        app_commands.Choice(name=checkpoint.name[:_NAME_LIMIT], value=checkpoint.id)
        for checkpoint in model_index.suggestions(checkpoints, typed)
    ]
