"""A safety checker of the real class with random weights, whose thresholds decide: it flags everything, or nothing."""

from pathlib import Path

from config.registry import Weights
from tasks.references import SafetyRef

_SIDE = 16
_VISION = {
    "hidden_size": 16,
    "intermediate_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "image_size": _SIDE,
    "patch_size": 8,
}


def build_safety(folder: Path, *, flags: bool) -> Path:
    """A cosine is never below -2 nor above 2."""
    import torch  # noqa: PLC0415 - takes seconds
    from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker  # noqa: PLC0415
    from transformers import CLIPConfig, CLIPImageProcessor  # noqa: PLC0415

    torch.manual_seed(1)
    checker = StableDiffusionSafetyChecker(CLIPConfig(projection_dim=8, vision_config=_VISION))
    checker.concept_embeds_weights.data.fill_(-2 if flags else 2)
    checker.special_care_embeds_weights.data.fill_(2)
    checker.save_pretrained(folder)
    size = {"size": {"shortest_edge": _SIDE}, "crop_size": {"height": _SIDE, "width": _SIDE}}
    CLIPImageProcessor(**size).save_pretrained(folder)
    return folder


def safety(folder: Path) -> SafetyRef:
    """How an order names it."""
    return SafetyRef(id="tiny-safety", weights=Weights(source=f"file:{folder}"))
