"""Draws with the released weights, through diffusers' own pipelines."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import ControlNetModel, StableDiffusionXLControlNetPipeline, StableDiffusionXLPipeline
from numpy.typing import NDArray

Pictures = NDArray[np.uint8]
CHECKPOINT, CONTROLNET, LORAS = "tiny-sdxl", "tiny-sdxl-canny", "loras"
_BATCH = 20


@dataclass(frozen=True)
class Way:
    """How a series is drawn. Guidance of 1 and less means none."""

    steps: int = 20
    guidance: float = 4.0
    control_weight: float = 1.0


USUAL = Way()


class Artist:
    """The checkpoint, with whichever ControlNet and LoRAs are asked for."""

    def __init__(self, weights: Path) -> None:
        self._weights = weights
        self._pipeline: Any = StableDiffusionXLPipeline.from_pretrained(
            weights / CHECKPOINT, dtype=torch.float32, local_files_only=True, add_watermarker=False
        )
        self._pipeline.set_progress_bar_config(disable=True)
        self._controlled: Any = None

    def wear(self, name: str, weight: float) -> None:
        """Put on one LoRA with a weight; it replaces the one before."""
        self.undress()
        self._pipeline.load_lora_weights(
            self._weights / LORAS, weight_name=f"{name}.safetensors", adapter_name=name, local_files_only=True
        )
        self._pipeline.set_adapters([name], [weight])

    def undress(self) -> None:
        """Take the LoRA off."""
        if self._pipeline.get_list_adapters():
            self._pipeline.unload_lora_weights()

    def draw(
        self,
        captions: Sequence[str],
        *,
        first_seed: int,
        way: Way = USUAL,
        negative: str = "",
        maps: Pictures | None = None,
    ) -> Pictures:
        """One picture per caption, (n, 128, 128, 3); seeds count up. `maps` (n, 128, 128): edges for the ControlNet."""
        parts = []
        for start in range(0, len(captions), _BATCH):
            part = slice(start, start + _BATCH)
            chosen = None if maps is None else maps[part]
            parts.append(self._batch(list(captions[part]), first_seed + start, way, negative, chosen))
        return np.concatenate(parts)

    def _batch(self, captions: list[str], seed: int, way: Way, negative: str, maps: Pictures | None) -> Pictures:
        pipeline, extra = self._pipeline, {}
        if maps is not None:
            pipeline = self._with_controlnet()
            image = torch.from_numpy(maps).float().unsqueeze(1).expand(-1, 3, -1, -1) / 255.0
            extra = {"image": image, "controlnet_conditioning_scale": way.control_weight}
        drawn = pipeline(
            captions,
            negative_prompt=[negative] * len(captions) if negative else None,
            num_inference_steps=way.steps,
            guidance_scale=way.guidance,
            generator=[torch.Generator("cpu").manual_seed(seed + n) for n in range(len(captions))],
            height=128,
            width=128,
            output_type="np",
            **extra,
        ).images
        return np.asarray((drawn * 255).round(), dtype=np.uint8)

    def _with_controlnet(self) -> Any:
        if self._controlled is None:
            controlnet = ControlNetModel.from_pretrained(self._weights / CONTROLNET, local_files_only=True)
            self._controlled = StableDiffusionXLControlNetPipeline(
                **self._pipeline.components, controlnet=controlnet, add_watermarker=False
            )
            self._controlled.set_progress_bar_config(disable=True)
        return self._controlled
