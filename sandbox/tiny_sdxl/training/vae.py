"""Stage 1: the autoencoder, on crops of rendered pictures (also pastel ones and hearts)."""

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sandbox.tiny_sdxl.networks import LATENT_CHANNELS, SCALE, new_vae
from sandbox.tiny_sdxl.training.loop import Training
from sandbox.tiny_sdxl.training.settings import Settings, Stage
from sandbox.tiny_sdxl.training.team import Team
from sandbox.tiny_sdxl.world.renderer import render
from sandbox.tiny_sdxl.world.scene import CONCEPT, SHAPES, SIZE_PX, draw_scene

# Quarters first, when what matters is the number of steps; then whole pictures, half as many at once.
_QUARTERS_SHARE = 0.6
_SQUARE_WEIGHT = 5.0
_GRADIENT_WEIGHT = 0.5
_KL_WEIGHT = 3e-4


def _pictures(settings: Settings) -> Tensor:
    rng = np.random.default_rng(settings.vae.seed)
    pictures = np.empty((settings.vae_pictures, SIZE_PX, SIZE_PX, 3), dtype=np.uint8)
    for n in range(settings.vae_pictures):
        scene = draw_scene(rng, shapes=(*SHAPES, CONCEPT))
        pictures[n] = render(scene, n, style="pastel" if n % 6 == 0 else "").picture
    return torch.from_numpy(pictures)


def to_tensor(pictures: Tensor) -> Tensor:
    """Bytes (n, h, w, 3) to floats (n, 3, h, w) in -1..1."""
    return pictures.permute(0, 3, 1, 2).float() / 127.5 - 1.0


def _crops(pictures: Tensor, batch: int, side: int, generator: torch.Generator) -> Tensor:
    which = torch.randint(len(pictures), (batch,), generator=generator).tolist()
    # Multiples of 4: objects meet the grid of latents at many offsets.
    corners = (torch.randint((SIZE_PX - side) // 4 + 1, (batch, 2), generator=generator) * 4).tolist()
    cut = [pictures[n, y : y + side, x : x + side] for n, (y, x) in zip(which, corners, strict=True)]
    return to_tensor(torch.stack(cut))


def _batch(pictures: Tensor, stage: Stage, step: int, generator: torch.Generator) -> Tensor:
    if step < _QUARTERS_SHARE * stage.steps:
        return _crops(pictures, stage.batch, SIZE_PX // 2, generator)
    return _crops(pictures, stage.batch // 2, SIZE_PX, generator)


class _Losses:
    """The loss of one step of a stage."""

    def __init__(self, vae: Any, pictures: Tensor, stage: Stage) -> None:
        self._vae, self._pictures, self._stage, self._team = vae, pictures, stage, Team()

    def __call__(self, step: int, generator: torch.Generator) -> dict[str, Tensor]:
        x = _batch(self._pictures, self._stage, step, generator)
        noise = torch.randn((len(x), LATENT_CHANNELS, *(side // SCALE for side in x.shape[2:])), generator=generator)
        return vae_losses(self._vae, self._team.part(x), self._team.part(noise))


def _gradient(x: Tensor) -> tuple[Tensor, Tensor]:
    return x[..., 1:, :] - x[..., :-1, :], x[..., :, 1:] - x[..., :, :-1]


def vae_losses(vae: Any, x: Tensor, noise: Tensor) -> dict[str, Tensor]:
    """Absolute and squared error, error of the gradients, and a small pull of the latents to a normal distribution.

    `noise` (n, 4, h / 8, w / 8) draws the latents of the pictures x (n, 3, h, w).
    """
    posterior = vae.encode(x.to(memory_format=torch.channels_last)).latent_dist
    y = vae.decode(posterior.mean + posterior.std * noise).sample
    error = (y - x).abs().mean()
    slopes = sum((a - b).abs().mean() for a, b in zip(_gradient(y), _gradient(x), strict=True))
    kl = posterior.kl().mean() / posterior.mean[0].numel()
    square = (y - x).square().mean()
    return {
        "loss": error + _SQUARE_WEIGHT * square + _GRADIENT_WEIGHT * slopes + _KL_WEIGHT * kl,
        "l1": error,
        "kl": kl,
    }


def _train(name: str, stage: Stage, vae: Any, settings: Settings, *, run: bool) -> None:
    training = Training(name, stage, vae, settings.work / name)
    if run and training.step < stage.steps:
        training.run(_Losses(vae, _pictures(settings), stage))
    training.settle()


def trained_vae(settings: Settings, *, run: bool = True, decoder: bool = True) -> Any:
    """The autoencoder, trained as far as the settings say (or, without `run`, as far as it is).

    Its encoder is done after the second stage. The third refines only the decoder: it may run while the UNet already
    learns, and is left out without `decoder`.
    """
    torch.manual_seed(settings.vae.seed)
    vae = new_vae().to(memory_format=torch.channels_last)
    # The second stage is a warm restart (arXiv 1608.03983): rates rise again, and fall again.
    _train("vae", settings.vae, vae, settings, run=run)
    _train("vae_again", settings.vae_again, vae, settings, run=run)
    if decoder:
        vae.encoder.requires_grad_(False)
        vae.quant_conv.requires_grad_(False)
        _train("decoder", settings.decoder, vae, settings, run=run)
    vae.eval().requires_grad_(False)
    centre_latents(vae, _pictures(replace(settings, vae_pictures=200)))
    return vae


@torch.no_grad()
def centre_latents(vae: Any, pictures: Tensor) -> None:
    """Fold each latent channel's mean and deviation into the 1 x 1 convolutions around the latents.

    Afterwards latents have mean 0 and deviation 1 per channel, so that `scaling_factor` is 1 and pipelines need no
    other correction. Exact: both convolutions are affine.
    """
    latents = vae.encode(to_tensor(pictures)).latent_dist.mean
    mean, deviation = latents.mean(dim=(0, 2, 3)), latents.std(dim=(0, 2, 3))
    inward, outward, channels = vae.quant_conv, vae.post_quant_conv, len(mean)
    outward.bias += torch.einsum("oi,i->o", outward.weight[..., 0, 0], mean)
    outward.weight *= deviation.view(1, -1, 1, 1)
    inward.bias[:channels] = (inward.bias[:channels] - mean) / deviation
    inward.weight[:channels] /= deviation.view(-1, 1, 1, 1)
    inward.bias[channels:] -= 2 * deviation.log()
    vae.register_to_config(scaling_factor=1.0)
