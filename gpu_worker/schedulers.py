"""Samplers by the names people know → diffusers' schedulers. One table; a new scheduler object for each job."""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from diffusers import (
    DDIMScheduler,
    DDPMScheduler,
    DEISMultistepScheduler,
    DPMSolverMultistepScheduler,
    DPMSolverSinglestepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    HeunDiscreteScheduler,
    KDPM2AncestralDiscreteScheduler,
    KDPM2DiscreteScheduler,
    LCMScheduler,
    LMSDiscreteScheduler,
    TCDScheduler,
    UniPCMultistepScheduler,
)

from tasks.schema import CheckpointRef

# The noise schedule that every SDXL checkpoint was trained with (stabilityai/stable-diffusion-xl-base-1.0).
_SDXL = {
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "steps_offset": 1,
}


@dataclass(frozen=True)
class SamplerRow:
    """A diffusers scheduler class, its options, and `eta`: how much fresh noise a step adds where it can be chosen."""

    scheduler: Any
    options: Mapping[str, Any] = field(default_factory=dict)
    eta: float = 0.0


_KARRAS = {"use_karras_sigmas": True}
_2M = {"algorithm_type": "dpmsolver++", "solver_order": 2}
_2M_SDE = {"algorithm_type": "sde-dpmsolver++", "solver_order": 2}
_SDE = {"algorithm_type": "sde-dpmsolver++", "lower_order_final": True}

# Names and equivalents: diffusers' documentation, "Schedulers", A1111/k-diffusion table.
SAMPLERS: Mapping[str, SamplerRow] = {
    "euler": SamplerRow(EulerDiscreteScheduler),
    "euler_a": SamplerRow(EulerAncestralDiscreteScheduler),
    "euler_karras": SamplerRow(EulerDiscreteScheduler, _KARRAS),
    "heun": SamplerRow(HeunDiscreteScheduler),
    "lms": SamplerRow(LMSDiscreteScheduler),
    "lms_karras": SamplerRow(LMSDiscreteScheduler, _KARRAS),
    "dpm2": SamplerRow(KDPM2DiscreteScheduler),
    "dpm2_a": SamplerRow(KDPM2AncestralDiscreteScheduler),
    "dpmpp_2m": SamplerRow(DPMSolverMultistepScheduler, _2M),
    "dpmpp_2m_karras": SamplerRow(DPMSolverMultistepScheduler, _2M | _KARRAS),
    "dpmpp_2m_sde": SamplerRow(DPMSolverMultistepScheduler, _2M_SDE),
    "dpmpp_2m_sde_karras": SamplerRow(DPMSolverMultistepScheduler, _2M_SDE | _KARRAS),
    "dpmpp_3m_sde": SamplerRow(DPMSolverMultistepScheduler, {"algorithm_type": "sde-dpmsolver++", "solver_order": 3}),
    "dpmpp_sde": SamplerRow(DPMSolverSinglestepScheduler, _SDE),
    "dpmpp_sde_karras": SamplerRow(DPMSolverSinglestepScheduler, _SDE | _KARRAS),
    "deis": SamplerRow(DEISMultistepScheduler),
    "unipc": SamplerRow(UniPCMultistepScheduler),
    "ddim": SamplerRow(DDIMScheduler, {"clip_sample": False, "set_alpha_to_one": False}),
    "ddpm": SamplerRow(DDPMScheduler, {"clip_sample": False}),
    "lcm": SamplerRow(LCMScheduler),
    "tcd": SamplerRow(TCDScheduler, eta=0.3),
}


def build(sampler: str, checkpoint: CheckpointRef) -> Any:
    """A fresh scheduler.

    Prediction and timestep spacing come from our registry, never from a repository's config:
    re-uploads of few-step models often carry a wrong one. A scheduler without a choice of spacing keeps its own.
    """
    row = SAMPLERS[sampler]
    wished = {
        **_SDXL,
        "prediction_type": checkpoint.prediction,
        "timestep_spacing": checkpoint.timestep_spacing,
        "rescale_betas_zero_snr": checkpoint.zero_terminal_snr,
        **row.options,
    }
    known = inspect.signature(row.scheduler.__init__).parameters
    return row.scheduler(**{name: value for name, value in wished.items() if name in known})
