"""The base: the UNet with both text encoders, then the text encoders alone, then all together again."""

from typing import Any

from sandbox.tiny_sdxl.training.settings import Settings
from sandbox.tiny_sdxl.training.text import train_text
from sandbox.tiny_sdxl.training.unet import Base, train_unet


def trained_base(settings: Settings, vae: Any, *, run: bool = True) -> Base:
    """UNet and text encoders, trained as far as the settings say (or, without `run`, as far as they are)."""
    base = Base(settings.unet.seed)
    train_unet("unet", settings.unet, base, vae, settings, run=run)
    train_text("text", settings.text, base, settings, run=run)
    train_unet("unet_again", settings.unet_again, base, vae, settings, run=run)
    train_unet("unet_last", settings.unet_last, base, vae, settings, run=run)
    train_text("text_again", settings.text_again, base, settings, run=run)
    # From here on only the UNet learns: trained with it, the encoders lose which of two things is where.
    base.first.requires_grad_(False)
    base.second.requires_grad_(False)
    train_unet("unet_long", settings.unet_long, base, vae, settings, run=run)
    return base.eval().requires_grad_(False)
