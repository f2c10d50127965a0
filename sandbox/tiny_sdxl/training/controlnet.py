"""After the base: a ControlNet on edges, beside the frozen base."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import torch
from diffusers import ControlNetModel
from torch import Tensor
from torch.nn.functional import mse_loss

from sandbox.tiny_sdxl.training.examples import Recipe, examples
from sandbox.tiny_sdxl.training.loop import Training
from sandbox.tiny_sdxl.training.settings import Settings
from sandbox.tiny_sdxl.training.unet import Base, Noiser, encode_text, size_ids
from sandbox.tiny_sdxl.world.captions import write, write_placeless
from sandbox.tiny_sdxl.world.scene import Scene

_EMBEDDING_CHANNELS: Final = (8, 16, 24, 32)


def _sentence(scene: Scene, rng: np.random.Generator) -> str:
    """With places, without them, or nothing at all: the map must do without the words."""
    roll = rng.random()
    if roll < 0.15:  # noqa: PLR2004 - a share
        return ""
    return write(scene, rng) if roll < 0.4 else write_placeless(scene, rng)  # noqa: PLR2004 - a share


class ControlLosses:
    """The loss of one step of the ControlNet."""

    def __init__(self, base: Base, controlnet: Any, settings: Settings, vae: Any) -> None:
        self._base, self._controlnet, self._count = base, controlnet, settings.controlnet.batch
        recipe = Recipe(
            "controlnet", settings.control_scenes, 40_000_000, _sentence, wander_px=settings.control_wander_px
        )
        self._examples = examples(recipe, vae, base.tokenizer, settings.work)
        self._noiser = Noiser()

    def __call__(self, _step: int, generator: torch.Generator) -> Mapping[str, Tensor]:
        chosen = torch.randint(len(self._examples), (self._count,), generator=generator)
        latents = self._examples.latents[chosen].float()
        edges = self._examples.edges[chosen].float().unsqueeze(1).expand(-1, 3, -1, -1)
        noise = torch.randn(latents.shape, generator=generator)
        timesteps = self._noiser.timesteps(self._count, generator)
        noised = self._noiser.add(latents, noise, timesteps)
        with torch.no_grad():
            text = encode_text(self._base.first, self._base.second, self._examples.ids[chosen])
        given = {"text_embeds": text.pooled, "time_ids": size_ids(self._count, generator)}
        down, middle = self._controlnet(
            noised, timesteps, text.states, edges, added_cond_kwargs=given, return_dict=False
        )
        predicted = self._base.unet(
            noised,
            timesteps,
            text.states,
            added_cond_kwargs=given,
            down_block_additional_residuals=down,
            mid_block_additional_residual=middle,
            return_dict=False,
        )[0]
        return {"loss": mse_loss(predicted, self._noiser.velocity(latents, noise, timesteps))}


def trained_controlnet(settings: Settings, base: Base, vae: Any, *, run: bool = True) -> Any:
    """The ControlNet, trained as far as the settings say (or, without `run`, as far as it is)."""
    torch.manual_seed(settings.controlnet.seed)
    controlnet = ControlNetModel.from_unet(
        base.unet, conditioning_channels=3, conditioning_embedding_out_channels=_EMBEDDING_CHANNELS
    ).to(memory_format=torch.channels_last)
    controlnet.train().requires_grad_(True)
    training = Training("controlnet", settings.controlnet, controlnet, settings.work / "controlnet")
    if run and training.step < settings.controlnet.steps:
        training.run(ControlLosses(base, controlnet, settings, vae))
    training.settle()
    return controlnet.eval().requires_grad_(False)
