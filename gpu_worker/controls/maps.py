"""The maps that ControlNets follow: made of a picture once, and remembered by its hash."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from config.registry import AS_IT_IS
from gpu_worker.device import Device
from gpu_worker.pipelines import pixels
from gpu_worker.preprocessors.detectors import Detectors
from tasks.errors import BadSpec, ErrorCode
from tasks.schema import ControlRef

MOST_REMEMBERED = 32
_DETECTION_SIDE = 1024  # detectors were trained on less; larger maps are scaled up from this

_Key = tuple[str, str, tuple[int, int]]


class MapStore:
    """Thread-safe: a job that waits for the lane has its maps made on its own thread, one after the other."""

    def __init__(self, device: Device) -> None:
        self._lock = threading.Lock()
        self._detectors = Detectors(device)
        self._held: OrderedDict[_Key, Image.Image] = OrderedDict()
        self.made = 0

    def get(
        self, control: ControlRef, image: Image.Image, sha256: str, size: tuple[int, int], files: Sequence[Path]
    ) -> Image.Image:
        """An RGB map of `size` (width, height).

        Raises:
            BadSpec: nothing is set up that could make it.
            WeightsError: the detector's weights are broken.
        """
        detector = detector_of(control)
        if detector is None:
            return pixels.fitted(pixels.as_picture(image), size)
        key = (sha256, control.preprocessor.id if control.preprocessor else detector, size)
        with self._lock:
            if key not in self._held:
                self._held[key] = self._make(control, detector, image, size, files)
                while len(self._held) > MOST_REMEMBERED:
                    self._held.popitem(last=False)
            self._held.move_to_end(key)
            return self._held[key]

    def drop_detectors(self) -> None:
        """Free the memory that detectors take; one that is asked for again is read again."""
        with self._lock:
            self._detectors.drop_all()

    def _make(
        self, control: ControlRef, detector: str, image: Image.Image, size: tuple[int, int], files: Sequence[Path]
    ) -> Image.Image:
        self.made += 1
        longer = max(size)
        scale = min(1.0, _DETECTION_SIDE / longer)
        small = (max(1, round(size[0] * scale)), max(1, round(size[1] * scale)))
        source = pixels.fitted(pixels.as_picture(image), small)
        return pixels.fitted(self._detectors.detect(detector, source, files, item=control.id), size)


def detector_of(control: ControlRef) -> str | None:
    """What makes the map; None where the picture is the map.

    Raises:
        BadSpec: it would need a preprocessor and has none.
    """
    if not control.preprocess or control.kind in AS_IT_IS:
        return None
    if control.preprocessor is not None:
        return control.preprocessor.detector
    if control.kind == "canny":
        return "canny"
    raise BadSpec(
        ErrorCode.NO_PREPROCESSOR, f"{control.id}: no preprocessor makes a {control.kind} map", item=control.id
    )
