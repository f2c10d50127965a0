"""Stage 4: the UNet, on cached latents and text encoders that learn no more."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import mse_loss

from sandbox.tiny_sdxl.networks import new_scheduler, new_text_encoders, new_unet
from sandbox.tiny_sdxl.tokens import new_tokenizer
from sandbox.tiny_sdxl.training.latents import cached_latents
from sandbox.tiny_sdxl.training.loop import Training
from sandbox.tiny_sdxl.training.scenes import all_caption_ids, caption_ids
from sandbox.tiny_sdxl.training.settings import Settings
from sandbox.tiny_sdxl.training.team import Team

_DRAWS_PER_CAPTION: Final = 2  # noise and timestep are drawn more often than text is encoded
_EMPTY_SHARE: Final = 0.12
_STANDS_OUT: Final = 0.4
_OTHER_SIZE_SHARE: Final = 0.3
_ZEROED_SHARE: Final = 0.07  # SDXL pipelines pass zeros for an empty negative prompt: both mean "anything"


class Text(NamedTuple):
    """What SDXL hands to its UNet: `states` (n, 77, 128) and `pooled` (n, 64)."""

    states: Tensor
    pooled: Tensor


def encode_text(first: Any, second: Any, ids: Tensor) -> Text:
    """As StableDiffusionXLPipeline.encode_prompt: last but one layers side by side, the second one's projection."""
    a = first(ids, output_hidden_states=True)
    b = second(ids, output_hidden_states=True)
    return Text(torch.cat([a.hidden_states[-2], b.hidden_states[-2]], dim=-1), b[0])


class Noiser:
    """Adds noise, and measures how well v (arXiv 2202.00512) is predicted."""

    def __init__(self) -> None:
        product = new_scheduler().alphas_cumprod
        self.signal, self.noise = product.sqrt(), (1 - product).sqrt()

    def timesteps(self, count: int, generator: torch.Generator) -> Tensor:
        """Stratified over 0..999, shuffled."""
        spread = (torch.arange(count) + torch.rand(count, generator=generator)) / count
        return (spread * 1000).long()[torch.randperm(count, generator=generator)]

    def add(self, latents: Tensor, noise: Tensor, timesteps: Tensor) -> Tensor:
        """Noised latents at each one's timestep."""
        signal, level = self._at(timesteps)
        return signal * latents + level * noise

    def velocity(self, latents: Tensor, noise: Tensor, timesteps: Tensor) -> Tensor:
        """What the network should say."""
        signal, level = self._at(timesteps)
        return signal * noise - level * latents

    def _at(self, timesteps: Tensor) -> tuple[Tensor, Tensor]:
        return self.signal[timesteps].view(-1, 1, 1, 1), self.noise[timesteps].view(-1, 1, 1, 1)


def size_ids(count: int, generator: torch.Generator) -> Tensor:
    """SDXL's original size, crop and target size; the original size varies in 3 of 10 and means nothing here."""
    ids = torch.tensor([128.0, 128.0, 0.0, 0.0, 128.0, 128.0]).repeat(count, 1)
    other = torch.rand(count, generator=generator) < _OTHER_SIZE_SHARE
    ids[other, :2] = torch.randint(64, 1025, (int(other.sum()), 2), generator=generator).float()
    return ids


class BaseLosses:
    """The loss of one step of the base model."""

    def __init__(self, base: "Base", settings: Settings, vae: Any) -> None:
        self._base, self._draws = base, settings.unet.batch
        self._foreground_weight = settings.foreground_weight
        self._latents = cached_latents(vae, settings)
        self._ids = all_caption_ids(base.tokenizer, settings)
        self._empty = caption_ids(base.tokenizer, [""])[0]
        self._noiser, self._team = Noiser(), Team()

    def _text(self, numbers: Tensor, generator: torch.Generator) -> Text:
        which = torch.randint(self._ids.shape[1], (len(numbers),), generator=generator)
        ids = self._ids[numbers, which]
        roll = torch.rand(len(numbers), generator=generator)
        ids, roll = self._team.part(ids), self._team.part(roll)
        ids[roll < _EMPTY_SHARE] = self._empty
        kept = (roll >= _ZEROED_SHARE).float()
        with torch.no_grad():
            text = encode_text(self._base.first, self._base.second, ids)
        return Text(text.states * kept.view(-1, 1, 1), text.pooled * kept.view(-1, 1))

    def __call__(self, _step: int, generator: torch.Generator) -> Mapping[str, Tensor]:
        count = self._draws
        numbers = torch.randint(len(self._latents), (count // _DRAWS_PER_CAPTION,), generator=generator)
        text = self._text(numbers, generator)
        # Drawn whole and then divided, so that the draws do not depend on how many processes there are.
        rows = torch.cat([self._team.part(draw) for draw in torch.arange(count).chunk(_DRAWS_PER_CAPTION)])
        latents = self._latents[self._team.part(numbers)].float().repeat(_DRAWS_PER_CAPTION, 1, 1, 1)
        noise = torch.randn((count, *latents.shape[1:]), generator=generator)[rows]
        timesteps = self._noiser.timesteps(count, generator)[rows]
        sizes = size_ids(count, generator)[rows]
        added = {"text_embeds": text.pooled.repeat(_DRAWS_PER_CAPTION, 1), "time_ids": sizes}
        states = text.states.repeat(_DRAWS_PER_CAPTION, 1, 1)
        noised = self._noiser.add(latents, noise, timesteps)
        predicted = self._base.unet(noised, timesteps, states, added_cond_kwargs=added, return_dict=False)[0]
        wanted = self._noiser.velocity(latents, noise, timesteps)
        loss = weighted_error(predicted, wanted, latents, self._foreground_weight)
        return {"loss": loss, "mse": mse_loss(predicted, wanted).detach()}


def weighted_error(predicted: Tensor, wanted: Tensor, latents: Tensor, foreground: float) -> Tensor:
    """Squared error, in which things count `foreground` times as much as the background of the latents."""
    stands_out = (latents - latents[:, :, :1, :1]).abs().amax(dim=1, keepdim=True) > _STANDS_OUT
    weight = torch.where(stands_out, foreground, 1.0)
    return ((predicted - wanted).square() * weight).mean() / weight.mean()


class Base:
    """UNet, text encoders and their tokenizer."""

    def __init__(self, seed: int) -> None:
        torch.manual_seed(seed)
        self.tokenizer = new_tokenizer()
        self.first, self.second = new_text_encoders(len(self.tokenizer), self.tokenizer.eos_token_id)
        self.unet = new_unet().to(memory_format=torch.channels_last)


def train_unet(base: Base, vae: Any, settings: Settings, *, run: bool = True) -> None:
    """Train the UNet as far as the settings say (or, without `run`, as far as it is)."""
    training = Training("unet", settings.unet, base.unet, settings.work / "unet")
    if run and training.step < settings.unet.steps:
        training.run(BaseLosses(base, settings, vae))
    training.settle()
