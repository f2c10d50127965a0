"""Looks at finished pictures with a CLIP safety checker, on the lane: each gets a verdict, none is changed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
from PIL import Image
from transformers import CLIPImageProcessor

from gpu_worker.cache.residents import Loaded, Residents
from gpu_worker.device import Device
from gpu_worker.renderer import Picture
from gpu_worker.weights.verification import weight_files
from tasks.errors import ErrorCode, WeightsError
from tasks.schema import SafetyRef

_KIND = "safety"
# As for ControlNets: what the libraries raise for files that could be read and are wrong.
_BROKEN = (OSError, ValueError, KeyError, TypeError, RuntimeError, AttributeError)

Judge = Callable[[Sequence[Picture]], list[Picture]]


@dataclass(frozen=True)
class _Checker:
    network: Any
    processor: Any


class SafetyCheckers:
    """Used on the lane's thread; a checker lies in the device's memory beside the checkpoints.

    It computes in float32 everywhere: half precision can end in NaN, which is above no threshold.
    """

    def __init__(self, device: Device, residents: Residents) -> None:
        self._device = device
        self._residents = residents

    def judge(self, safety: SafetyRef | None, path: Path | None) -> Judge:
        """What gives pictures their verdicts; without a checker it leaves them as they are.

        Raises:
            WeightsError: a checker is named and is not there, or broken.
            torch.OutOfMemoryError: it does not fit.
        """
        if safety is None:
            return list
        if path is None:
            raise _error(safety, "its files are not at hand")
        size = sum(file.stat().st_size for file in weight_files(path, variant=None))
        self._residents.ensure(
            str(path), kind=_KIND, name=safety.id, size_bytes=size, load=lambda: self._load(safety, path)
        )
        checker: _Checker = self._residents.use(str(path))
        return lambda pictures: [replace(each, adult=self._is_adult(checker, each)) for each in pictures]

    def _is_adult(self, checker: _Checker, picture: Picture) -> bool:
        """One picture at a time: four at once would need more memory for nothing."""
        image = Image.frombytes("RGB", (picture.width, picture.height), picture.rgb)
        seen = checker.processor(images=image, return_tensors="pt").pixel_values
        seen = seen.to(self._device.kind, torch.float32)
        # It blackens what it flags, so it gets something else than the picture to blacken.
        _, (verdict,) = checker.network(clip_input=seen, images=[np.zeros((1, 1, 3))])
        return bool(verdict)

    def _load(self, safety: SafetyRef, path: Path) -> Loaded[_Checker]:
        try:
            network, report = StableDiffusionSafetyChecker.from_pretrained(
                path, dtype=torch.float32, use_safetensors=True, local_files_only=True, output_loading_info=True
            )
            processor = CLIPImageProcessor.from_pretrained(path, local_files_only=True)
        except torch.OutOfMemoryError:
            raise
        except _BROKEN as error:
            raise _error(safety, f"{type(error).__name__}: {str(error)[:300]}") from error
        if report["missing_keys"]:  # they would be random, and so would the verdicts
            raise _error(safety, f"lacks {len(report['missing_keys'])} tensors")
        if not all(torch.isfinite(tensor).all() for tensor in network.parameters()):
            raise _error(safety, "holds NaN or infinity")  # NaN is above no threshold: nothing would be flagged
        network.requires_grad_(requires_grad=False)
        size = sum(tensor.numel() * tensor.element_size() for tensor in network.parameters())
        return Loaded(_Checker(network.eval().to(self._device.kind), processor), size)


def _error(safety: SafetyRef, reason: str) -> WeightsError:
    return WeightsError(ErrorCode.WEIGHTS_BROKEN, f"{safety.id}: {reason}", item=safety.id, reason=reason)
