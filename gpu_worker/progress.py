"""What a running job tells its watchers. The lane only notes where it is; another thread publishes, twice a second."""

import base64
import io
import threading
import time
from collections.abc import Callable
from datetime import datetime

from PIL import Image

from gpu_worker.renderer import Picture
from tasks.schema import Progress, Stage

EVERY_S = 0.5
_QUALITY = 60  # of a preview: a few kilobytes


class ProgressReport:
    """The latest state of one job. `note_*` costs nothing on the device's thread; `due` hands out what is new."""

    def __init__(
        self,
        job_id: str,
        epoch: int,
        *,
        worker_id: str,
        now: Callable[[], datetime],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lock = threading.Lock()
        self._latest = Progress(job_id=job_id, epoch=epoch, worker_id=worker_id, stage=Stage.FETCHING, at=now())
        self._now = now
        self._clock = clock
        self._is_new = True
        self._preview: Picture | None = None
        self._last_sent: float | None = None

    def note_stage(self, stage: Stage) -> None:
        """The job entered a stage."""
        self._note({"stage": stage, "seconds_left": None, "done_bytes": 0, "total_bytes": 0})

    def note_bytes(self, done_bytes: int, total_bytes: int | None) -> None:
        """So much of a file of weights is here."""
        self._note({"stage": Stage.FETCHING, "done_bytes": done_bytes, "total_bytes": total_bytes or 0})

    def note_step(self, step: int, steps: int, *, seconds_left: float | None) -> None:
        """`step` of `steps` is done."""
        self._note(
            {
                "stage": Stage.SAMPLING,
                "done_bytes": 0,
                "total_bytes": 0,
                "step": step,
                "steps": steps,
                "seconds_left": seconds_left,
            }
        )

    def note_preview(self, picture: Picture) -> None:
        """What is being drawn looks like this; it goes with the next news, once."""
        with self._lock:
            self._preview, self._is_new = picture, True

    def due(self) -> Progress | None:
        """What to publish now: the latest news, at most every half second; None where there is none."""
        with self._lock:
            moment = self._clock()
            too_soon = self._last_sent is not None and moment - self._last_sent < EVERY_S
            if not self._is_new or too_soon:
                return None
            self._is_new, self._last_sent = False, moment
            news, picture, self._preview = self._latest, self._preview, None
        return news if picture is None else news.model_copy(update={"preview": _encoded(picture)})

    def _note(self, changes: dict[str, object]) -> None:
        with self._lock:
            self._latest = self._latest.model_copy(update={**changes, "at": self._now()})
            self._is_new = True


def _encoded(picture: Picture) -> str:
    """On the thread of whoever asks for news: the device does not wait for it."""
    image = Image.frombytes("RGB", (picture.width, picture.height), picture.rgb)
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=_QUALITY)
    return base64.b64encode(buffer.getvalue()).decode("ascii")
