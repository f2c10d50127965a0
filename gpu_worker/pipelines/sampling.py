"""What all kinds of jobs share around the call of a diffusers pipeline."""

from dataclasses import dataclass
from typing import Any

import torch

from gpu_worker import schedulers
from gpu_worker.cache.loading import Components
from gpu_worker.controls.plan import NONE, Controls
from gpu_worker.pipelines import pixels, preview, texts
from gpu_worker.renderer import Picture, PreviewListener, StepListener, unseen
from tasks.errors import BadSpec, ErrorCode
from tasks.schema import JobSpec


@dataclass(frozen=True)
class Classes:
    """The diffusers pipelines of a kind: without and with ControlNets, which take their maps as `map_option`."""

    plain: Any
    controlled: Any
    map_option: str = "control_image"


class Sampling:
    """One job's way through diffusers: its prompt, its pipeline, and its steps counted over all passes.

    All of it is made for this job from shared parts, so that no scheduler, callback or prompt can leak into the next.
    """

    def __init__(
        self,
        components: Components,
        spec: JobSpec,
        on_step: StepListener,
        controls: Controls = NONE,
        *,
        on_preview: PreviewListener = unseen,
    ) -> None:
        self.spec = spec
        self._components = components
        self._on_step = on_step
        self._on_preview = on_preview
        self._controls = controls
        self._passes_done = 0
        self._is_whole = True
        self.passes = spec.num_images
        self._check_steps()
        self._prompts = texts.embeddings(components, spec)

    def generator(self, seed: int) -> torch.Generator:
        """The CPU's: the same noise on every device."""
        return torch.Generator("cpu").manual_seed(seed)

    def run(
        self,
        classes: Classes,
        generator: torch.Generator,
        *,
        box: tuple[int, int, int, int] | None = None,
        **options: Any,
    ) -> torch.Tensor:
        """One pass: a picture of 3 x height x width in 0..1. `box` says which part of the whole it is, if not all.

        Raises:
            torch.OutOfMemoryError: it does not fit.
        """
        pipeline = self._pipeline(classes)
        self._is_whole = box is None  # a tile alone shows nothing
        if self._controls.nets:
            options |= self._controls.options(classes.map_option, box)
        image: torch.Tensor = pipeline(
            **self._prompts,
            num_inference_steps=self.spec.num_inference_steps,
            guidance_scale=self.spec.guidance_scale,
            eta=schedulers.SAMPLERS[self.spec.sampler].eta,
            generator=generator,
            callback_on_step_end=self._on_step_end,
            callback_on_step_end_tensor_inputs=["latents"],
            output_type="pt",
            **options,
        ).images[0]
        self._passes_done += 1
        return image

    def picture(self, classes: Classes, seed: int, **options: Any) -> Picture:
        """One pass from a seed."""
        return pixels.of_tensor(self.run(classes, self.generator(seed), **options), seed)

    def strength(self, wanted: float) -> float:
        """So that at least one step is done: diffusers rounds down, and refuses to do none."""
        steps = self.spec.num_inference_steps
        return wanted if int(steps * wanted) >= 1 else min(1.0, 1.5 / steps)

    def _pipeline(self, classes: Classes) -> Any:
        make, optional = classes.plain, {}
        if self._controls.nets:
            make, optional = classes.controlled, {"controlnet": self._controls.model()}
        pipeline = make(
            **self._components.parts,
            scheduler=schedulers.build(self.spec.sampler, self.spec.checkpoint),
            force_zeros_for_empty_prompt=self._components.zeros_for_empty_prompt,
            add_watermarker=False,
            **optional,
        )
        pipeline.set_progress_bar_config(disable=True)
        return pipeline

    def _check_steps(self) -> None:
        scheduler = schedulers.build(self.spec.sampler, self.spec.checkpoint)
        steps = self.spec.num_inference_steps
        try:
            scheduler.set_timesteps(steps)
        except ValueError as error:
            raise BadSpec(
                ErrorCode.BAD_OPTION,
                f"{self.spec.sampler} cannot do {steps} steps: {error}",
                option="num_inference_steps",
                reason=str(error),
            ) from error

    def _on_step_end(self, pipeline: Any, index: int, _timestep: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        steps, passes_done = pipeline.num_timesteps, min(self._passes_done, self.passes - 1)
        step, total = passes_done * steps + index + 1, self.passes * steps
        self._on_step(step, total)
        if self._is_whole and step in preview.due(total):
            self._on_preview(preview.of_latents(tensors["latents"], self.spec.seeds[passes_done]))
        return {}
