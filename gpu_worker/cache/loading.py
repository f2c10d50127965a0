"""From files to the parts of an SDXL pipeline on the device: a diffusers folder or a single file."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, StableDiffusionXLPipeline

from gpu_worker import speed
from gpu_worker.device import Device
from gpu_worker.loras.adapters import Adapters
from gpu_worker.prompts.shelf import PromptShelf
from gpu_worker.renderer import CheckpointFiles
from gpu_worker.weights.verification import PARTS, weight_files
from tasks.errors import ErrorCode, WeightsError
from tasks.schema import CheckpointRef

# Whatever is wrong with files that could be read, these are what diffusers and transformers raise for it.
_BROKEN = (OSError, ValueError, KeyError, TypeError, RuntimeError, AttributeError)


@dataclass(frozen=True)
class Components:
    """What pipelines are put together from, shared by all jobs. No scheduler: each job has its own."""

    parts: Mapping[str, Any]
    zeros_for_empty_prompt: bool
    size_bytes: int
    prompts: PromptShelf = field(default_factory=PromptShelf, repr=False, compare=False)

    @cached_property
    def adapters(self) -> Adapters:
        """The LoRAs that the parts carry at present. Asked for and changed under `prompts.lock`."""
        return Adapters(self.parts)


def load(ref: CheckpointRef, files: CheckpointFiles, device: Device) -> Components:
    """A checkpoint on the device, with its VAE replaced and its LoRA merged where the registry says so.

    Raises:
        WeightsError: the files are not what they should be.
        torch.OutOfMemoryError: it does not fit.
    """
    try:
        pipeline = _read(ref, files, device)
        if files.fused_lora is not None and ref.fused_lora is not None:
            _merge(pipeline, files.fused_lora, weight=ref.fused_lora.weight)
    except torch.OutOfMemoryError:
        raise
    except _BROKEN as error:
        raise WeightsError(
            ErrorCode.WEIGHTS_BROKEN,
            f"{ref.id} cannot be loaded: {type(error).__name__}: {str(error)[:300]}",
            checkpoint=ref.id,
            file=files.weights.name,
        ) from error
    pipeline.to(device.kind)
    components = _components(pipeline)
    speed.prepare(components.parts, device.options)
    return components


def size_on_disk(files: CheckpointFiles, *, variant: str | None) -> int:
    """Bytes of the weights that would be loaded: what they will take in memory, as far as one can know before."""
    if files.weights.is_file():
        return files.weights.stat().st_size
    return sum(path.stat().st_size for part in PARTS for path in weight_files(files.weights / part, variant=variant))


def _read(ref: CheckpointRef, files: CheckpointFiles, device: Device) -> Any:
    options: dict[str, Any] = {"dtype": device.dtype, "local_files_only": True, "add_watermarker": False}
    if files.vae is not None:
        options["vae"] = _read_vae(files.vae, device)
    if ref.format == "single_file":
        # `config` keeps diffusers from asking the Hub what kind of model this is.
        return StableDiffusionXLPipeline.from_single_file(str(files.weights), config=str(files.config), **options)
    return StableDiffusionXLPipeline.from_pretrained(
        files.weights, variant=ref.variant, use_safetensors=True, **options
    )


def _read_vae(path: Path, device: Device) -> Any:
    if path.is_file():
        read: Callable[..., Any] = AutoencoderKL.from_single_file
        return read(str(path), dtype=device.dtype, local_files_only=True)
    return AutoencoderKL.from_pretrained(path, dtype=device.dtype, use_safetensors=True, local_files_only=True)


def _merge(pipeline: Any, lora: Path, *, weight: float) -> None:
    pipeline.load_lora_weights(str(lora.parent), weight_name=lora.name, local_files_only=True)
    pipeline.fuse_lora(lora_scale=weight)
    pipeline.unload_lora_weights()


def _components(pipeline: Any) -> Components:
    parts = {name: part for name, part in pipeline.components.items() if name != "scheduler" and part is not None}
    modules = [part for part in parts.values() if isinstance(part, torch.nn.Module)]
    for module in modules:
        module.requires_grad_(requires_grad=False)
    size = sum(tensor.numel() * tensor.element_size() for module in modules for tensor in module.parameters())
    return Components(parts, bool(pipeline.config.force_zeros_for_empty_prompt), size)
