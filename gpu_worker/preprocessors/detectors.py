"""Detectors by the registry's names; those with weights stay in memory, two at most."""

from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

import torch
from PIL import Image

from gpu_worker.device import Device
from gpu_worker.preprocessors import canny, mock
from gpu_worker.preprocessors.annotators import Annotator, build
from tasks.errors import ErrorCode, WeightsError

MOST_LOADED = 2
_WITHOUT_WEIGHTS = {"canny": canny.detect, "mock": mock.detect}


class Detectors:
    """Used by one thread at a time."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._loaded: OrderedDict[tuple[str, ...], Annotator] = OrderedDict()

    def detect(self, detector: str, image: Image.Image, files: Sequence[Path], *, item: str) -> Image.Image:
        """A map of the picture's size.

        Raises:
            WeightsError: the detector's weights are broken; `data["item"]` names the ControlNet it works for.
        """
        if detector in _WITHOUT_WEIGHTS:
            return _WITHOUT_WEIGHTS[detector](image)
        return self._annotator(detector, files, item)(image)

    def drop_all(self) -> None:
        """Let go of all networks."""
        self._loaded.clear()

    def _annotator(self, detector: str, files: Sequence[Path], item: str) -> Annotator:
        key = (detector, *map(str, files))
        if key not in self._loaded:
            self._loaded[key] = self._build(detector, files, item)
            while len(self._loaded) > MOST_LOADED:
                self._loaded.popitem(last=False)
        self._loaded.move_to_end(key)
        return self._loaded[key]

    def _build(self, detector: str, files: Sequence[Path], item: str) -> Annotator:
        try:
            return build(detector, files, self._device.kind)
        except torch.OutOfMemoryError:
            raise
        except Exception as error:  # a pickle can fail in any way there is
            detail = f"{item}: {detector} cannot be loaded: {type(error).__name__}: {str(error)[:200]}"
            raise WeightsError(ErrorCode.WEIGHTS_BROKEN, detail, item=item, detector=detector) from error
