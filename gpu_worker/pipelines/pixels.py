"""Between PIL's pictures, tensors and the bytes of a `Picture`."""

import numpy as np
import torch
from PIL import Image

from gpu_worker.renderer import Picture

_GRID = 8


def of_tensor(image: torch.Tensor, seed: int) -> Picture:
    """Bytes from a tensor of 3 x height x width in 0..1, rounded as diffusers' own conversion to PIL does."""
    pixels = (image.permute(1, 2, 0).float() * 255).round().to(torch.uint8).cpu().contiguous()
    height, width, _ = pixels.shape
    return Picture(seed=seed, width=width, height=height, rgb=pixels.numpy().tobytes())


def of_image(image: Image.Image, seed: int) -> Picture:
    """The bytes of an RGB picture."""
    return Picture(seed=seed, width=image.width, height=image.height, rgb=image.convert("RGB").tobytes())


def to_image(picture: Picture) -> Image.Image:
    """The other way."""
    return Image.frombytes("RGB", (picture.width, picture.height), picture.rgb)


def fitted(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Scaled to `size` (width, height) where it has another; Lanczos."""
    return image if image.size == size else image.resize(size, Image.Resampling.LANCZOS)


def padded(image: Image.Image) -> Image.Image:
    """To multiples of 8, which a latent stands for, by repeating the last row and column."""
    right, bottom = -image.width % _GRID, -image.height % _GRID
    if not (right or bottom):
        return image
    return Image.fromarray(np.pad(np.asarray(image), ((0, bottom), (0, right), (0, 0)), mode="edge"))


def as_picture(image: Image.Image) -> Image.Image:
    """RGB; what is transparent becomes white."""
    return _flattened(image, "white").convert("RGB")


def as_mask(image: Image.Image) -> Image.Image:
    """L; what is transparent becomes black, for masks are painted in white on nothing."""
    return _flattened(image, "black").convert("L")


def _flattened(image: Image.Image, background: str) -> Image.Image:
    if image.mode != "RGBA":
        return image
    return Image.alpha_composite(Image.new("RGBA", image.size, background), image)
