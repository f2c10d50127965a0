"""`/inpaint`: a part of a picture is drawn anew."""

from collections.abc import Mapping
from dataclasses import replace

import discord
from discord import app_commands

from bot.client import EaselClient
from bot.exts.studio.choices import suggest_loras, suggest_models
from bot.exts.studio.given import take_order_with
from bot.pictures.opening import Role
from bot.pictures.receiving import Given, Wanted
from bot.refusals import RefusalCode, Refused
from bot.submission import MIN_STRENGTH, Options
from tasks.schema import MAX_PROMPT_CHARACTERS

_IMAGE, _MASK = "image", "mask"


@app_commands.command(name="inpaint", description="Draw a part of a picture anew")
@app_commands.describe(
    image="The picture: PNG, JPEG or WebP",
    prompt="What to draw there",
    mask="White where something is to change; not needed where the picture has a hole",
    strength="How much of what was there is forgotten; 1 is all",
    model="Which model draws; type to search",
    lora="A LoRA, and its weight behind a colon: ink:0.8; type to search",
)
@app_commands.autocomplete(model=suggest_models, lora=suggest_loras)
@app_commands.allowed_contexts(guilds=True, dms=True, private_channels=False)
@app_commands.allowed_installs(guilds=True, users=False)
async def inpaint(  # noqa: PLR0917 - discord.py passes the options by name
    interaction: discord.Interaction[EaselClient],
    image: discord.Attachment,
    prompt: app_commands.Range[str, 1, MAX_PROMPT_CHARACTERS],
    mask: discord.Attachment | None = None,
    strength: app_commands.Range[float, MIN_STRENGTH, 1.0] | None = None,
    model: str | None = None,
    lora: str | None = None,
) -> None:
    options = Options(prompt=prompt, strength=strength, model=model, lora=lora)
    hole = mask is None

    def complete(given: Mapping[str, Given]) -> Options:
        _check_mask(given[_IMAGE], given[_MASK], hole=hole)
        return replace(options, init_image=given[_IMAGE].ref, mask=given[_MASK].ref)

    wanted = {_IMAGE: Wanted(image), _MASK: Wanted(mask or image, role=Role.MASK)}
    with interaction.client.services.in_flight.one():
        await take_order_with(interaction, wanted, complete)


def _check_mask(image: Given, mask: Given, *, hole: bool) -> None:
    """Raises `Refused` where nothing would change, or nobody could say what."""
    if hole and not image.transparent:
        raise Refused(RefusalCode.NO_MASK)
    if mask.size != image.size:
        raise Refused(RefusalCode.MASK_SIZE, given=_shown(mask.size), known=_shown(image.size))
    if mask.empty:
        raise Refused(RefusalCode.MASK_EMPTY)


def _shown(size: tuple[int, int]) -> str:
    return f"{size[0]}×{size[1]}"  # noqa: RUF001 - people read a multiplication sign
