"""How long a job will take, from its spec and what finished jobs took. Shared by the fleet's plan and the bot. Pure."""

from collections.abc import Sequence
from statistics import median

from tasks.schema import JobSpec

DEFAULT_SECONDS_PER_UNIT = 0.2
OVERHEAD_S = 2.0
_GUIDANCE_THRESHOLD = 1.0


def work_units(spec: JobSpec) -> float:
    """Denoising work in UNet evaluations of one megapixel: guidance above 1 evaluates twice a step."""
    evaluations = 2 if spec.guidance_scale > _GUIDANCE_THRESHOLD else 1
    megapixels = spec.width * spec.height / 2**20
    return spec.steps_per_image * spec.num_images * evaluations * megapixels


def predicted_s(spec: JobSpec, *, seconds_per_unit: float) -> float:
    """Expected seconds on a worker that has the checkpoint loaded."""
    return OVERHEAD_S + work_units(spec) * seconds_per_unit


def seconds_per_unit(finished: Sequence[tuple[float, float]]) -> float:
    """Learned speed from (work units, sampling seconds) of finished jobs: the median, robust to one slow host."""
    rates = [seconds / units for units, seconds in finished if units > 0 and seconds > 0]
    return median(rates) if rates else DEFAULT_SECONDS_PER_UNIT


class Experience:
    """What finished jobs teach: the usual time of jobs of exactly this size, else the usual time per work unit.

    Batches are not linear in pictures, and most members keep to the defaults, so the same sizes come again and again.
    """

    _ENOUGH = 3

    def __init__(self, finished: Sequence[tuple[float, float]]) -> None:
        """From (work units, sampling seconds) of finished jobs."""
        self._rate = seconds_per_unit(finished)
        sizes: dict[float, list[float]] = {}
        for units, seconds in finished:
            if seconds > 0:
                sizes.setdefault(units, []).append(seconds)
        self._usual = {units: median(times) for units, times in sizes.items() if len(times) >= self._ENOUGH}

    def seconds(self, units: float) -> float:
        """Expected seconds on a worker that has the checkpoint loaded."""
        usual = self._usual.get(units)
        return OVERHEAD_S + (units * self._rate if usual is None else usual)
