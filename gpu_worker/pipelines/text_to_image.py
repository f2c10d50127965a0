"""Pictures from words."""

from diffusers import StableDiffusionXLControlNetPipeline, StableDiffusionXLPipeline

from gpu_worker.pipelines.sampling import Classes, Sampling
from gpu_worker.renderer import Picture
from tasks.schema import TextToImageSpec

CLASSES = Classes(StableDiffusionXLPipeline, StableDiffusionXLControlNetPipeline, map_option="image")


def draw(spec: TextToImageSpec, sampling: Sampling) -> list[Picture]:
    """The pictures, one per seed, in order.

    They are drawn one by one: with several in a batch the last bits of the latents depend on how many there are, and
    then a picture could not be had again from its seed alone. The prompt is encoded once for all.
    """
    return [sampling.picture(CLASSES, seed, width=spec.width, height=spec.height) for seed in spec.seeds]
