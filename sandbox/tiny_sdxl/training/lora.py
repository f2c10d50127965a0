"""The last stage: LoRAs on the UNet, a style (pastel) and a concept (heart)."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

import torch
from peft import LoraConfig
from torch import Tensor

from sandbox.tiny_sdxl.training.examples import Examples, Recipe, examples
from sandbox.tiny_sdxl.training.loop import Training
from sandbox.tiny_sdxl.training.settings import Settings, Stage
from sandbox.tiny_sdxl.training.unet import Base, Noiser, encode_text, size_ids, weighted_error
from sandbox.tiny_sdxl.world.captions import write, write_training
from sandbox.tiny_sdxl.world.scene import CONCEPT, SHAPES

NAMES: Final = ("pastel", "heart")
_ATTENTION: Final = ("to_q", "to_k", "to_v", "to_out.0", "ff.net.0.proj", "ff.net.2")
_CONVOLUTIONS: Final = ("conv1", "conv2")


@dataclass(frozen=True)
class Plan:
    """One LoRA: its stage, and what it sees."""

    stage: Stage
    recipe: Recipe


def plan(name: str, settings: Settings) -> Plan:
    """The plan of one of NAMES."""
    count = settings.lora_scenes
    if name == "pastel":
        return Plan(settings.pastel, Recipe("pastel", count, 50_000_000, write_training, style="pastel"))
    shapes = (*SHAPES, *(CONCEPT,) * 6)  # half hearts, half what the base knows and shall keep
    return Plan(settings.heart, Recipe("heart", count, 60_000_000, write, shapes=shapes))


class LoraLosses:
    """The loss of one step of a LoRA that sits in `unet`, a copy of the base's."""

    def __init__(self, base: Base, unet: Any, seen: Examples, wanted: Plan, foreground_weight: float) -> None:
        self._base, self._unet, self._examples = base, unet, seen
        self._count, self._foreground_weight = wanted.stage.batch, foreground_weight
        self._noiser = Noiser()

    def __call__(self, _step: int, generator: torch.Generator) -> Mapping[str, Tensor]:
        chosen = torch.randint(len(self._examples), (self._count,), generator=generator)
        latents = self._examples.latents[chosen].float()
        noise = torch.randn(latents.shape, generator=generator)
        timesteps = self._noiser.timesteps(self._count, generator)
        noised = self._noiser.add(latents, noise, timesteps)
        sizes = size_ids(self._count, generator)
        with torch.no_grad():
            text = encode_text(self._base.first, self._base.second, self._examples.ids[chosen])
        given = {"text_embeds": text.pooled, "time_ids": sizes}
        predicted = self._unet(noised, timesteps, text.states, added_cond_kwargs=given, return_dict=False)[0]
        wanted = self._noiser.velocity(latents, noise, timesteps)
        return {"loss": weighted_error(predicted, wanted, latents, self._foreground_weight)}


def trained_lora(name: str, settings: Settings, base: Base, vae: Any, *, run: bool = True) -> Any:
    """A copy of the base's UNet with the LoRA as its adapter, trained as far as the settings say."""
    wanted = plan(name, settings)
    torch.manual_seed(wanted.stage.seed)
    unet = deepcopy(base.unet)
    rank = settings.lora_rank
    unet.add_adapter(LoraConfig(r=rank, lora_alpha=rank, target_modules=[*_ATTENTION, *_CONVOLUTIONS]))
    training = Training(name, wanted.stage, unet, settings.work / name)
    if run and training.step < wanted.stage.steps:
        seen = examples(wanted.recipe, vae, base.tokenizer, settings.work)
        training.run(LoraLosses(base, unet, seen, wanted, settings.foreground_weight))
    training.settle()
    return unet.eval().requires_grad_(False)
