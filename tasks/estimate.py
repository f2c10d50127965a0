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
