"""Pictures from a picture: variations, sketches, styles."""

from diffusers import StableDiffusionXLControlNetImg2ImgPipeline, StableDiffusionXLImg2ImgPipeline

from gpu_worker.pipelines import pixels
from gpu_worker.pipelines.sampling import Classes, Sampling
from gpu_worker.renderer import Materials, Picture
from tasks.schema import ImageToImageSpec

CLASSES = Classes(StableDiffusionXLImg2ImgPipeline, StableDiffusionXLControlNetImg2ImgPipeline)


def draw(spec: ImageToImageSpec, sampling: Sampling, materials: Materials) -> list[Picture]:
    """The pictures, one per seed, in order. At strength 0 they are the given one, scaled."""
    source = pixels.fitted(pixels.as_picture(materials.inputs[spec.image.sha256]), (spec.width, spec.height))
    if spec.steps_per_image == 0:
        return [pixels.of_image(source, seed) for seed in spec.seeds]
    return [
        sampling.picture(CLASSES, seed, image=source, strength=sampling.strength(spec.strength)) for seed in spec.seeds
    ]
