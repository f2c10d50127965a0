"""The `parameters` text of a picture's file, as AUTOMATIC1111 made it a habit. Pure."""

from tasks.clamping import clamped
from tasks.schema import ControlRef, ImageToImageSpec, InpaintSpec, JobSpec, UpscaleSpec

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


def _kind_pairs(spec: JobSpec) -> dict[str, str]:
    if isinstance(spec, ImageToImageSpec | InpaintSpec):
        return {"Denoising strength": f"{spec.strength:g}"}
    if isinstance(spec, UpscaleSpec):
        return {
            "Denoising strength": f"{spec.detail:g}",
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
