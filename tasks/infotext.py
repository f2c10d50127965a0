"""The two texts in a picture's file: the parameters line that AUTOMATIC1111 made a habit, and our own JSON. Pure."""

import json
from collections.abc import Iterable
from typing import Any

from config.registry import Weights
from tasks.clamping import clamped
from tasks.schema import SCHEMA_VERSION, ControlRef, ImageToImageSpec, InpaintSpec, JobSpec, UpscaleSpec

# What people call them, in A1111 and everywhere since.
SAMPLER_NAMES = {
    "euler": "Euler",
    "euler_a": "Euler a",
    "euler_karras": "Euler Karras",
    "heun": "Heun",
    "lms": "LMS",
    "lms_karras": "LMS Karras",
    "dpm2": "DPM2",
    "dpm2_a": "DPM2 a",
    "dpmpp_2m": "DPM++ 2M",
    "dpmpp_2m_karras": "DPM++ 2M Karras",
    "dpmpp_2m_sde": "DPM++ 2M SDE",
    "dpmpp_2m_sde_karras": "DPM++ 2M SDE Karras",
    "dpmpp_3m_sde": "DPM++ 3M SDE",
    "dpmpp_sde": "DPM++ SDE",
    "dpmpp_sde_karras": "DPM++ SDE Karras",
    "deis": "DEIS",
    "unipc": "UniPC",
    "ddim": "DDIM",
    "ddpm": "DDPM",
    "lcm": "LCM",
    "tcd": "TCD",
}


def a1111_text(spec: JobSpec, *, seed: int) -> str:
    """Prompt with its LoRAs, negative prompt, then one line of `Name: value` pairs.

    Source: AUTOMATIC1111's `create_infotext`; sites and tools that read pictures' parameters know this form.
    """
    drawn, _ = clamped(spec)
    pairs = {
        "Steps": drawn.num_inference_steps,
        "Sampler": SAMPLER_NAMES[drawn.sampler],
        "CFG scale": f"{drawn.guidance_scale:g}",
        "Seed": seed,
        "Size": f"{drawn.width}x{drawn.height}",
        "Model": drawn.checkpoint.id,
        **_kind_pairs(drawn),
        **{f"ControlNet {number}": _control(control) for number, control in enumerate(drawn.controls)},
        "Version": "Easel",
    }
    lines = [drawn.prompt + "".join(f" <lora:{lora.id}:{lora.weight:g}>" for lora in drawn.loras)]
    if drawn.negative_prompt:
        lines.append(f"Negative prompt: {drawn.negative_prompt}")
    lines.append(", ".join(f"{name}: {value}" for name, value in pairs.items()))
    return "\n".join(lines)


def easel_text(spec: JobSpec, *, seed: int, job_id: str | None = None) -> str:
    """Our JSON: all that draws this picture again, with the job that drew it where that is known.

    Checkpoint, LoRAs and ControlNets go by id and hash: where their weights are fetched from may be a private place or
    a signed address, and pictures travel far. The safety checker draws nothing and is left out.
    """
    options = spec.model_dump(mode="json", exclude={"checkpoint", "seeds", "safety"})
    options["checkpoint"] = {"id": spec.checkpoint.id, **_identity(spec.checkpoint.weights)}
    _name_by_identity(options.get("loras", ()), [lora.weights for lora in spec.loras])
    _name_by_identity(options.get("controls", ()), [control.weights for control in spec.controls])
    content: dict[str, Any] = {"schema_version": SCHEMA_VERSION, "seed": seed, "spec": options}
    if job_id is not None:
        content["job_id"] = job_id
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def _name_by_identity(written: Iterable[dict[str, Any]], weights: Iterable[Weights]) -> None:
    for entry, each in zip(written, weights, strict=True):
        entry["weights"] = _identity(each)
        entry.pop("preprocessor", None)


def _identity(weights: Weights) -> dict[str, Any]:
    return {"revision": weights.revision, "sha256": weights.sha256}


def _kind_pairs(spec: JobSpec) -> dict[str, str]:
    if isinstance(spec, ImageToImageSpec | InpaintSpec):
        return {"Denoising strength": f"{spec.strength:g}"}
    if isinstance(spec, UpscaleSpec):
        return {
            "Denoising strength": f"{spec.strength:g}",
            "Hires upscale": str(spec.factor),
            "Hires upscaler": "Lanczos",
        }
    return {}


def _control(control: ControlRef) -> str:
    facts = {
        "Module": control.kind,
        "Model": control.id,
        "Weight": f"{control.weight:g}",
        "Guidance Start": f"{control.start:g}",
        "Guidance End": f"{control.end:g}",
    }
    return f'"{", ".join(f"{name}: {value}" for name, value in facts.items())}"'
