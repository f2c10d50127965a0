"""The base: first the text encoders, alone, then the UNet.

In this order because text encoders that learn from the pictures' loss lose which of two things is where.
"""

from typing import Any

from sandbox.tiny_sdxl.training.settings import Settings
from sandbox.tiny_sdxl.training.text import train_text
from sandbox.tiny_sdxl.training.unet import Base, train_unet


def trained_base(settings: Settings, vae: Any, *, run: bool = True) -> Base:
    """UNet and text encoders, trained as far as the settings say (or, without `run`, as far as they are)."""
    base = Base(settings.unet.seed)
    train_text(base, settings, run=run)
    train_unet(base, vae, settings, run=run)
    for network in (base.first, base.second, base.unet):
        network.eval().requires_grad_(False)
    return base
