"""What a picture will be, seen through its latents: small, rough, and nearly free."""

import torch

from gpu_worker.pipelines import pixels
from gpu_worker.renderer import Picture

SIDE = 128
# Each row a latent channel's share in red, green and blue, in bytes; the last row is where grey lies.
# Source: diffusers' documentation, "Pipeline callbacks", after Timothy Alexis Vass' "Explaining the SDXL latent space".
_FACTORS = ((60.0, 60.0, 60.0), (-60.0, -5.0, 10.0), (25.0, 15.0, -5.0), (-70.0, -50.0, -35.0))
_GREY = (150.0, 140.0, 130.0)


def due(total: int) -> frozenset[int]:
    """The steps of so many, counted from 1, after which there is something to be seen: a third and two thirds."""
    return frozenset({-(-total // 3), -(-2 * total // 3)} - {0, total})


def of_latents(latents: torch.Tensor, seed: int) -> Picture:
    """A picture of at most 128 pixels a side, from latents of 1 x 4 x height x width.

    While there is still much noise its strength is taken out, so that it stays grey and not white and black.
    """
    first = latents[0].float()
    calm = first / first.std().clamp(min=1.0)
    factors = torch.tensor(_FACTORS, device=calm.device)
    rgb = torch.einsum("chw,cr->rhw", calm, factors) + torch.tensor(_GREY, device=calm.device)[:, None, None]
    image = pixels.to_image(pixels.of_tensor((rgb / 255).clamp(0, 1), seed))
    image.thumbnail((SIDE, SIDE))
    return pixels.of_image(image, seed)
