"""ControlNets in memory, beside the checkpoints."""

from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from diffusers import ControlNetModel

from gpu_worker.device import Device
from tasks.errors import ErrorCode, WeightsError
from tasks.schema import ControlRef

MOST_LOADED = 3  # 2.5 GB each at full size
# Whatever is wrong with files that could be read, these are what diffusers raises for it.
_BROKEN = (OSError, ValueError, KeyError, TypeError, RuntimeError, AttributeError)


class ControlNetCache:
    """Used on the lane's thread. The least recently used ones leave."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._loaded: OrderedDict[str, Any] = OrderedDict()

    def get(self, control: ControlRef, path: Path, *, cross_attention_dim: int) -> Any:
        """The ControlNet of a checked folder, loaded now if need be.

        Raises:
            WeightsError: it is broken, or was made for another family than the checkpoint.
            torch.OutOfMemoryError: it does not fit.
        """
        key = f"{path} {control.variant}"
        if key not in self._loaded:
            self._loaded[key] = self._load(control, path)
            while len(self._loaded) > MOST_LOADED:
                self._loaded.popitem(last=False)
        self._loaded.move_to_end(key)
        net = self._loaded[key]
        if net.config.cross_attention_dim != cross_attention_dim:
            raise _error(
                ErrorCode.WRONG_FAMILY,
                control,
                f"its text is {net.config.cross_attention_dim} wide, the model's {cross_attention_dim}",
            )
        return net

    def drop_all_but(self, paths: Iterable[Path]) -> None:
        """Make all the room there can be."""
        kept = {str(path) for path in paths}
        for key in [key for key in self._loaded if key.rsplit(" ", 1)[0] not in kept]:
            del self._loaded[key]

    def _load(self, control: ControlRef, path: Path) -> Any:
        try:
            net = ControlNetModel.from_pretrained(
                path, dtype=self._device.dtype, variant=control.variant, use_safetensors=True, local_files_only=True
            )
        except torch.OutOfMemoryError:
            raise
        except _BROKEN as error:
            raise _error(ErrorCode.WEIGHTS_BROKEN, control, f"{type(error).__name__}: {str(error)[:300]}") from error
        net.requires_grad_(requires_grad=False)
        return net.to(self._device.kind)


def _error(code: ErrorCode, control: ControlRef, reason: str) -> WeightsError:
    return WeightsError(code, f"{control.id}: {reason}", item=control.id, reason=reason)
