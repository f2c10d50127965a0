"""Steps and cfg within what a checkpoint draws well with.

The worker draws by it, and the courier tells the member by it, from the ledger's own order: a rented machine's word is
not needed for that. Pure.
"""

from dataclasses import dataclass
from typing import Literal, TypeVar

from tasks.specs import BaseSpec

_Spec = TypeVar("_Spec", bound=BaseSpec)


@dataclass(frozen=True)
class Clamp:
    """An option that was moved: what it became, and the range that it had to be in."""

    option: Literal["steps", "cfg"]
    used: float
    least: float
    most: float


def clamped(spec: _Spec) -> tuple[_Spec, tuple[Clamp, ...]]:
    """The spec as it is drawn, and what was changed. A checkpoint without limits changes nothing."""
    limits = spec.checkpoint.limits
    if limits is None:
        return spec, ()
    clamps: list[Clamp] = []
    steps = max(limits.min_steps, min(spec.num_inference_steps, limits.max_steps))
    if steps != spec.num_inference_steps:
        clamps.append(Clamp("steps", steps, limits.min_steps, limits.max_steps))
    cfg = max(limits.min_cfg, min(spec.guidance_scale, limits.max_cfg))
    if cfg != spec.guidance_scale:
        clamps.append(Clamp("cfg", cfg, limits.min_cfg, limits.max_cfg))
    if not clamps:
        return spec, ()
    return spec.model_copy(update={"num_inference_steps": steps, "guidance_scale": cfg}), tuple(clamps)
