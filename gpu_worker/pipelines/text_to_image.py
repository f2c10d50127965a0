"""Text to image with diffusers' own SDXL pipeline."""

from typing import Any

import torch
from diffusers import StableDiffusionXLPipeline

from gpu_worker import schedulers
from gpu_worker.cache.loading import Components
from gpu_worker.device import Device
from gpu_worker.renderer import Picture, StepListener
from tasks.errors import BadSpec, ErrorCode
from tasks.schema import TextToImageSpec

_GUIDANCE_THRESHOLD = 1.0


def draw(components: Components, spec: TextToImageSpec, on_step: StepListener, device: Device) -> list[Picture]:
    """The pictures, one per seed, in order.

    They are drawn one by one: with several in a batch the last bits of the latents depend on how many there are, and
    then a picture could not be had again from its seed alone. The prompt is encoded once for all.

    Raises:
        BadSpec: the sampler cannot do this number of steps.
        torch.OutOfMemoryError: it does not fit.
    """
    pipeline = _pipeline(components, spec)
    prompts = _encode(pipeline, spec, device)
    pictures = []
    for number, seed in enumerate(spec.seeds):
        pipeline.scheduler = _scheduler(spec)
        done_before = number * spec.num_inference_steps
        image = pipeline(
            **prompts,
            width=spec.width,
            height=spec.height,
            num_inference_steps=spec.num_inference_steps,
            guidance_scale=spec.guidance_scale,
            eta=schedulers.SAMPLERS[spec.sampler].eta,
            generator=torch.Generator("cpu").manual_seed(seed),  # the CPU's: the same noise on every device
            callback_on_step_end=_callback(spec, on_step, done_before),
            callback_on_step_end_tensor_inputs=[],
            output_type="pt",
        ).images[0]
        pictures.append(_picture(image, seed))
    return pictures


def _pipeline(components: Components, spec: TextToImageSpec) -> Any:
    """Put together for this job from shared parts: no callback or scheduler state can leak into the next."""
    pipeline = StableDiffusionXLPipeline(
        **components.parts,
        scheduler=_scheduler(spec),
        force_zeros_for_empty_prompt=components.zeros_for_empty_prompt,
        add_watermarker=False,
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def _scheduler(spec: TextToImageSpec) -> Any:
    scheduler = schedulers.build(spec.sampler, spec.checkpoint)
    try:
        scheduler.set_timesteps(spec.num_inference_steps)
    except ValueError as error:
        raise BadSpec(
            ErrorCode.BAD_OPTION,
            f"{spec.sampler} cannot do {spec.num_inference_steps} steps: {error}",
            option="num_inference_steps",
            reason=str(error),
        ) from error
    return schedulers.build(spec.sampler, spec.checkpoint)


def _encode(pipeline: Any, spec: TextToImageSpec, device: Device) -> dict[str, Any]:
    with torch.no_grad():
        embeds = pipeline.encode_prompt(
            prompt=spec.prompt,
            negative_prompt=spec.negative_prompt or None,
            device=device.kind,
            num_images_per_prompt=1,
            do_classifier_free_guidance=spec.guidance_scale > _GUIDANCE_THRESHOLD,
        )
    names = ("prompt_embeds", "negative_prompt_embeds", "pooled_prompt_embeds", "negative_pooled_prompt_embeds")
    return dict(zip(names, embeds, strict=True))


def _callback(spec: TextToImageSpec, on_step: StepListener, done_before: int) -> Any:
    steps = spec.num_inference_steps * spec.num_images

    def on_step_end(_pipeline: Any, index: int, _timestep: Any, _tensors: dict[str, Any]) -> dict[str, Any]:
        on_step(min(done_before + index + 1, steps), steps)
        return {}

    return on_step_end


def _picture(image: torch.Tensor, seed: int) -> Picture:
    """Bytes from a tensor of 3 x height x width in 0..1, rounded as diffusers' own conversion to PIL does."""
    pixels = (image.permute(1, 2, 0).float() * 255).round().to(torch.uint8).cpu().contiguous()
    height, width, _ = pixels.shape
    return Picture(seed=seed, width=width, height=height, rgb=pixels.numpy().tobytes())
