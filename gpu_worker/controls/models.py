"""ControlNets in memory, beside the checkpoints."""

from pathlib import Path
from typing import Any

import torch
from diffusers import ControlNetModel

from gpu_worker.cache.residents import Loaded, Residents
from gpu_worker.device import Device
from gpu_worker.weights.verification import weight_files
from tasks.errors import ErrorCode, WeightsError
from tasks.schema import ControlRef

_KIND = "controlnet"
# Whatever is wrong with files that could be read, these are what diffusers raises for it.
_BROKEN = (OSError, ValueError, KeyError, TypeError, RuntimeError, AttributeError)


class ControlNetCache:
    """Used on the lane's thread; `ids` may be called from any."""

    def __init__(self, device: Device, residents: Residents) -> None:
        self._device = device
        self._residents = residents

    def ids(self) -> tuple[str, ...]:
        """Ids of what is loaded, as of the last change."""
        return self._residents.names(_KIND)

    def get(self, control: ControlRef, path: Path, *, cross_attention_dim: int) -> Any:
        """The ControlNet of a checked folder, loaded now if need be; others make room.

        Raises:
            WeightsError: it is broken, or was made for another family than the checkpoint.
            torch.OutOfMemoryError: it does not fit.
        """
        key = f"{path} {control.variant}"
        size = sum(file.stat().st_size for file in weight_files(path, variant=control.variant))
        self._residents.ensure(
            key, kind=_KIND, name=control.id, size_bytes=size, load=lambda: self._load(control, path)
        )
        net = self._residents.use(key)
        if net.config.cross_attention_dim != cross_attention_dim:
            raise _error(
                ErrorCode.WRONG_FAMILY,
                control,
                f"its text is {net.config.cross_attention_dim} wide, the model's {cross_attention_dim}",
            )
        return net

    def _load(self, control: ControlRef, path: Path) -> Loaded[Any]:
        try:
            net = ControlNetModel.from_pretrained(
                path, dtype=self._device.dtype, variant=control.variant, use_safetensors=True, local_files_only=True
            )
        except torch.OutOfMemoryError:
            raise
        except _BROKEN as error:
            raise _error(ErrorCode.WEIGHTS_BROKEN, control, f"{type(error).__name__}: {str(error)[:300]}") from error
        net.requires_grad_(requires_grad=False)
        size = sum(tensor.numel() * tensor.element_size() for tensor in net.parameters())
        return Loaded(net.to(self._device.kind), size)


def _error(code: ErrorCode, control: ControlRef, reason: str) -> WeightsError:
    return WeightsError(code, f"{control.id}: {reason}", item=control.id, reason=reason)
