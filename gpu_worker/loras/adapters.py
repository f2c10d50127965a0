"""The LoRAs that a checkpoint's parts carry: peft adapters beside the weights, which are never written to."""

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from diffusers import EulerDiscreteScheduler, StableDiffusionXLPipeline
from peft.tuners.tuners_utils import BaseTunerLayer

from gpu_worker.loras.naming import LayerIndex
from gpu_worker.loras.reading import LoraTensors
from gpu_worker.loras.shelf import LoraShelf
from tasks.errors import ErrorCode, WeightsError
from tasks.schema import LoraRef

MOST_HOT = 8
_PARTS = ("unet", "text_encoder", "text_encoder_2")
_Worn = tuple[str, float]  # an adapter's name, which stands for its file's content, and its weight
# Whatever is wrong with tensors whose names look right, these are what diffusers, transformers and peft raise for it.
_BROKEN = (ValueError, KeyError, RuntimeError, AttributeError, IndexError, TypeError)


class Adapters:
    """Of one checkpoint; used on the lane's thread.

    Between two jobs with LoRAs they stay attached, so that the same ones cost nothing; a job without any takes them all
    off, and then the parts are the very modules that were loaded.
    """

    def __init__(self, parts: Mapping[str, Any]) -> None:
        self._parts = parts
        self._host: Any = StableDiffusionXLPipeline(**parts, scheduler=EulerDiscreteScheduler(), add_watermarker=False)
        self._attached: list[str] = []
        self._worn: tuple[_Worn, ...] = ()
        self._reaches_text: dict[str, bool] = {}  # of each that was ever attached
        self._layers = LayerIndex(
            {part: _layer_names(parts[part]) for part in _PARTS},
            layers_per_block=parts["unet"].config.layers_per_block,
        )

    def wear(self, loras: Sequence[LoraRef], files: Mapping[str, Path], shelf: LoraShelf) -> None:
        """Draw with these from now on, each at its weight; one that is named twice counts twice, one at 0 not at all.

        Raises:
            WeightsError: one is broken or does not fit; then none is worn.
        """
        weights = _weights(loras)
        if not weights:
            self.take_off()
            return
        try:
            names = {item: self._attach(item, files[item], shelf) for item in weights}
            self._host.set_adapters(list(names.values()), [weights[item] for item in names])
        except BaseException:
            self.take_off()
            raise
        self._worn = tuple((names[item], weight) for item, weight in weights.items())
        self._drop_unused(list(names.values()))

    def take_off(self) -> None:
        """Back to the checkpoint as it was loaded."""
        if self._attached:
            self._host.unload_lora_weights()
            self._attached.clear()
        self._worn = ()

    @property
    def worn_by_text(self) -> tuple[_Worn, ...]:
        """Which of those that are worn reach the text encoders, in order: what a prompt's embedding depends on."""
        return tuple(each for each in self._worn if self._reaches_text[each[0]])

    def wanted_by_text(self, loras: Sequence[LoraRef], files: Mapping[str, Path]) -> tuple[_Worn, ...] | None:
        """What `worn_by_text` would be with these; None where one was never attached, so that nobody knows."""
        wanted = [(_name(files[item]), weight) for item, weight in _weights(loras).items()]
        if any(name not in self._reaches_text for name, _ in wanted):
            return None
        return tuple(each for each in wanted if self._reaches_text[each[0]])

    def _attach(self, item: str, path: Path, shelf: LoraShelf) -> str:
        unet = self._parts["unet"]
        tensors = shelf.get(path, item=item, cross_attention_dim=unet.config.cross_attention_dim, dtype=unet.dtype)
        name = _name(path)
        if name not in self._attached:
            self._attached.append(name)
            self._load(item, name, tensors)
        self._attached.remove(name)
        self._attached.append(name)
        return name

    def _load(self, item: str, name: str, tensors: LoraTensors) -> None:
        try:
            renamed = self._renamed(item, tensors)
            self._host.load_lora_weights(renamed, adapter_name=name)
        except torch.OutOfMemoryError:
            raise
        except _BROKEN as error:
            raise _does_not_fit(item, error) from error
        placed = sum(_carries(module, name) for part in _PARTS for module in self._parts[part].modules())
        if placed != tensors.layers:
            raise _no_place(item, f"{tensors.layers - placed} of {tensors.layers} layers were not taken")
        self._reaches_text[name] = any(each.startswith("text_encoder") for each in renamed)

    def _renamed(self, item: str, tensors: LoraTensors) -> dict[str, torch.Tensor]:
        """On the device, under peft's names. A layer without a place is an error: it would not be drawn."""
        device = self._parts["unet"].device
        names = {name: self._layers.peft_name(name) for name in tensors.tensors}
        homeless = [name for name, found in names.items() if found is None]
        if homeless:
            raise _no_place(item, f"{len(homeless)} of {len(names)} matrices, the first is {homeless[0]}")
        return {found: tensors.tensors[name].to(device) for name, found in names.items() if found is not None}

    def _drop_unused(self, used: list[str]) -> None:
        unused = [name for name in self._attached if name not in used]
        leaving = unused[: max(0, len(self._attached) - MOST_HOT)]
        if leaving:
            self._host.delete_adapters(leaving)
            self._attached = [name for name in self._attached if name not in leaving]


def _weights(loras: Sequence[LoraRef]) -> dict[str, float]:
    """By id; one that is named twice counts twice, one at 0 not at all."""
    weights: dict[str, float] = {}
    for lora in loras:
        if lora.weight != 0:
            weights[lora.id] = weights.get(lora.id, 0.0) + lora.weight
    return weights


def _name(path: Path) -> str:
    return f"lora_{hashlib.sha256(f'{path} {path.stat().st_mtime_ns}'.encode()).hexdigest()[:16]}"


def _layer_names(module: Any) -> list[str]:
    return [name for name, each in module.named_modules() if isinstance(each, torch.nn.Linear | torch.nn.Conv2d)]


def _no_place(item: str, reason: str) -> WeightsError:
    return WeightsError(
        ErrorCode.WEIGHTS_UNSUPPORTED, f"{item} has layers that are not in the model: {reason}", item=item
    )


def _carries(module: Any, name: str) -> bool:
    return isinstance(module, BaseTunerLayer) and name in getattr(module, "lora_A", {})


def _does_not_fit(item: str, error: Exception) -> WeightsError:
    """Matrices of another size are another model's; anything else is a form that diffusers does not know."""
    text = str(error)
    is_size = "size mismatch" in text or "shape" in text
    code = ErrorCode.WRONG_FAMILY if is_size else ErrorCode.WEIGHTS_UNSUPPORTED
    with suppress(IndexError):
        text = text.splitlines()[0]
    return WeightsError(code, f"{item}: {type(error).__name__}: {text[:300]}", item=item)
