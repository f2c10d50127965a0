"""From a LoRA's file to tensors that are safe to hand to diffusers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file

from tasks import lora_inspection as inspection
from tasks.errors import ErrorCode, WeightsError

_PEFT_METADATA = "lora_adapter_metadata"  # as diffusers and peft name it
_PARTS = ("text_encoder_2", "text_encoder", "unet")


@dataclass(frozen=True)
class LoraTensors:
    """A LoRA whose alphas are multiplied in: `tensors` by the file's names, on the CPU."""

    tensors: Mapping[str, torch.Tensor]
    layers: int
    size_bytes: int


def read(path: Path, *, item: str, cross_attention_dim: int, dtype: torch.dtype) -> LoraTensors:
    """The tensors of a checked safetensors file, in `dtype`.

    Alphas are multiplied in here: diffusers loses those of text encoders with recent transformers, and those in a
    file's metadata where tensors are handed over.

    Raises:
        WeightsError: it is no LoRA, one of another family, of a kind that cannot be drawn with, or broken.
    """
    try:
        with safe_open(path, "pt") as opened:
            metadata: dict[str, str] = opened.metadata() or {}
        tensors = load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise _error(ErrorCode.WEIGHTS_BROKEN, item, str(error)[:200]) from None
    _check(tensors, metadata, item=item, cross_attention_dim=cross_attention_dim)
    scaled = {name: tensor.to(dtype) for name, tensor in _with_alphas(tensors, metadata).items()}
    size = sum(tensor.numel() * tensor.element_size() for tensor in scaled.values())
    return LoraTensors(scaled, sum(map(inspection.is_down, scaled)), size)


def _check(
    tensors: Mapping[str, torch.Tensor], metadata: Mapping[str, str], *, item: str, cross_attention_dim: int
) -> None:
    shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    reason = inspection.other_family(shapes, metadata, cross_attention_dim=cross_attention_dim)
    if reason is not None:
        raise _error(ErrorCode.WRONG_FAMILY, item, reason)
    kind = inspection.unsupported_kind(shapes)
    if kind is not None:
        raise _error(ErrorCode.WEIGHTS_UNSUPPORTED, item, f"it is {kind}")
    if not inspection.count_layers(shapes):
        raise _error(ErrorCode.WEIGHTS_UNSUPPORTED, item, "it holds no LoRA layers")
    if not all(torch.isfinite(tensor).all() for tensor in tensors.values()):
        raise _error(ErrorCode.WEIGHTS_BROKEN, item, "it holds values that are no numbers")


def _with_alphas(tensors: Mapping[str, torch.Tensor], metadata: Mapping[str, str]) -> dict[str, torch.Tensor]:
    """Each layer's first matrix times alpha/rank; without an alpha, it is the rank."""
    told = _told_alphas(metadata)
    scaled = {}
    for name, tensor in tensors.items():
        if name.endswith(".alpha"):
            continue
        if inspection.is_down(name):
            factor = _factor(inspection.layer_of(name), tensor.shape[0], tensors, told)
            scaled[name] = tensor.float() * factor
        else:
            scaled[name] = tensor
    return scaled


def _factor(layer: str, rank: int, tensors: Mapping[str, torch.Tensor], told: Mapping[str, Any]) -> float:
    own = tensors.get(f"{layer}.alpha")
    if own is not None:
        return float(own) / rank
    for part in _PARTS:
        if layer.startswith(f"{part}.") and f"{part}.lora_alpha" in told:
            pattern: Mapping[str, float] = told.get(f"{part}.alpha_pattern") or {}
            alpha = pattern.get(layer.removeprefix(f"{part}."), told[f"{part}.lora_alpha"])
            return float(alpha) / (rank**0.5 if told.get(f"{part}.use_rslora") else rank)
    return 1.0


def _told_alphas(metadata: Mapping[str, str]) -> Mapping[str, Any]:
    try:
        told = json.loads(metadata.get(_PEFT_METADATA, "{}"))
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _error(code: ErrorCode, item: str, reason: str) -> WeightsError:
    return WeightsError(code, f"{item}: {reason}", item=item, reason=reason)
