"""All stages in order, or one of the later ones on a core of its own."""

from copy import deepcopy
from typing import Final

from sandbox.tiny_sdxl.training import release
from sandbox.tiny_sdxl.training.base import trained_base
from sandbox.tiny_sdxl.training.controlnet import trained_controlnet
from sandbox.tiny_sdxl.training.lora import NAMES, trained_lora
from sandbox.tiny_sdxl.training.settings import Settings
from sandbox.tiny_sdxl.training.team import Team
from sandbox.tiny_sdxl.training.unet import Base
from sandbox.tiny_sdxl.training.vae import trained_vae

# The decoder may be trained beside the base, each of the others as soon as the base is done.
SEPARATE: Final = ("decoder", "base", "controlnet", *NAMES)


def train_all(settings: Settings) -> None:
    """Every stage that is not done yet; then all weights are written."""
    encoder = trained_vae(settings, decoder=False)
    base = trained_base(settings, encoder)
    release.release_checkpoint(deepcopy(base), trained_vae(settings), settings.weights)
    for name in ("controlnet", *NAMES):
        _add(name, settings, base, encoder)


def train_one(name: str, settings: Settings) -> None:
    """One of SEPARATE."""
    if name == "decoder":
        trained_vae(settings)
        return
    encoder = trained_vae(settings, run=False, decoder=False)
    if name == "base":
        base = trained_base(settings, encoder)
        if Team().leads:
            release.release_checkpoint(base, trained_vae(settings, run=False), settings.weights)
        return
    _add(name, settings, trained_base(settings, encoder, run=False), encoder)


def _add(name: str, settings: Settings, base: Base, encoder: object) -> None:
    if name == "controlnet":
        release.release_controlnet(trained_controlnet(settings, base, encoder), settings.weights)
        return
    release.release_lora(name, trained_lora(name, settings, base, encoder), settings.weights)
