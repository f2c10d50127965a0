"""Draws a part of a picture again."""

from diffusers import StableDiffusionXLControlNetInpaintPipeline, StableDiffusionXLInpaintPipeline
from PIL import Image

from gpu_worker.pipelines import pixels
from gpu_worker.pipelines.sampling import Classes, Sampling
from gpu_worker.renderer import Materials, Picture
from tasks.schema import InpaintSpec

CLASSES = Classes(StableDiffusionXLInpaintPipeline, StableDiffusionXLControlNetInpaintPipeline)


def draw(spec: InpaintSpec, sampling: Sampling, materials: Materials) -> list[Picture]:
    """The pictures, one per seed, in order. Where the mask is black they are the given one to the last bit."""
    size = (spec.width, spec.height)
    source = pixels.fitted(pixels.as_picture(materials.inputs[spec.image.sha256]), size)
    mask = pixels.fitted(pixels.as_mask(materials.inputs[spec.mask.sha256]), size)
    if spec.steps_per_image == 0 or mask.getextrema() == (0, 0):
        return [pixels.of_image(source, seed) for seed in spec.seeds]
    strength = sampling.strength(spec.strength)
    drawn = [
        sampling.picture(
            CLASSES, seed, image=source, mask_image=mask, strength=strength, width=spec.width, height=spec.height
        )
        for seed in spec.seeds
    ]
    return [_laid_over(picture, source, mask) for picture in drawn]


def _laid_over(drawn: Picture, source: Image.Image, mask: Image.Image) -> Picture:
    """The way through the VAE changes every pixel a little, and nobody asked for that outside the mask."""
    return pixels.of_image(Image.composite(pixels.to_image(drawn), source, mask), drawn.seed)
