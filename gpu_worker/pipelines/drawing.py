"""From a spec to its kind's file."""

from gpu_worker.pipelines import image_to_image, inpaint, text_to_image, upscale
from gpu_worker.pipelines.sampling import Sampling
from gpu_worker.renderer import Materials, Picture
from tasks.schema import ImageToImageSpec, InpaintSpec, TextToImageSpec, UpscaleSpec


def draw(sampling: Sampling, materials: Materials) -> list[Picture]:
    """The pictures of the job, one per seed, in order.

    Raises:
        BadSpec: the spec cannot be drawn.
        torch.OutOfMemoryError: it does not fit.
    """
    match sampling.spec:
        case TextToImageSpec() as spec:
            return text_to_image.draw(spec, sampling)
        case ImageToImageSpec() as spec:
            return image_to_image.draw(spec, sampling, materials)
        case InpaintSpec() as spec:
            return inpaint.draw(spec, sampling, materials)
        case UpscaleSpec() as spec:
            return upscale.draw(spec, sampling, materials)
