"""The two texts in a picture's file: the parameters line that AUTOMATIC1111 made a habit, and our own JSON. Pure."""

import json

from tasks.schema import SCHEMA_VERSION, JobSpec

# What people call them, in A1111 and everywhere since.
SAMPLER_NAMES = {
    "euler": "Euler",
    "euler_a": "Euler a",
    "dpmpp_2m": "DPM++ 2M",
    "dpmpp_2m_karras": "DPM++ 2M Karras",
    "dpmpp_sde": "DPM++ SDE",
    "unipc": "UniPC",
    "ddim": "DDIM",
    "lcm": "LCM",
    "tcd": "TCD",
}


def a1111_text(spec: JobSpec, *, seed: int) -> str:
    """The `parameters` text of one picture: prompt, negative prompt, then one line of `Name: value` pairs.

    Source: AUTOMATIC1111's `create_infotext`; sites and tools that read pictures' parameters know this form.
    """
    pairs = {
        "Steps": spec.num_inference_steps,
        "Sampler": SAMPLER_NAMES[spec.sampler],
        "CFG scale": f"{spec.guidance_scale:g}",
        "Seed": seed,
        "Size": f"{spec.width}x{spec.height}",
        "Model": spec.checkpoint.id,
        "Version": "Easel",
    }
    lines = [spec.prompt]
    if spec.negative_prompt:
        lines.append(f"Negative prompt: {spec.negative_prompt}")
    lines.append(", ".join(f"{name}: {value}" for name, value in pairs.items()))
    return "\n".join(lines)


def easel_text(spec: JobSpec, *, seed: int, job_id: str | None = None) -> str:
    """Our JSON: all that draws this picture again, with the job that drew it where that is known.

    The checkpoint goes by its id and hash: where its weights are fetched from may be a private place or a signed
    address, and pictures travel far.
    """
    options = spec.model_dump(mode="json", exclude={"checkpoint", "seeds"})
    weights = spec.checkpoint.weights
    options["checkpoint"] = {"id": spec.checkpoint.id, "revision": weights.revision, "sha256": weights.sha256}
    content = {"schema_version": SCHEMA_VERSION, "job_id": job_id, "seed": seed, "spec": options}
    if job_id is None:
        del content["job_id"]
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))
