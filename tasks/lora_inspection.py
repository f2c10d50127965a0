"""Whether a file's tensors are a LoRA for SDXL, by their names and shapes. Pure."""

import re
from collections.abc import Mapping

# Kinds of adapters that diffusers drops or draws wrongly without a word.
_UNSUPPORTED = {
    "LoHa": re.compile(r"hada_w"),
    "LoKr": re.compile(r"lokr_"),
    "DoRA": re.compile(r"dora_scale|lora_magnitude"),
    "LoCon with a Tucker core": re.compile(r"lora_mid"),
    "OFT": re.compile(r"oft_"),
    "IA3": re.compile(r"\.on_input|ia3"),
    "a full difference": re.compile(r"\.diff(_b)?$"),
}
_OTHER_FAMILY = re.compile(
    r"double_blocks|single_blocks|joint_blocks|transformer_blocks\.\d+\.attn\.|lora_transformer|^transformer\.|t5xxl|lora_te3"
)
_OTHER_BASE = ("sd_v1", "sd_v2", "sd3", "flux", "stable-diffusion-v1", "stable-diffusion-v2", "stable-diffusion-3")
_CROSS_ATTENTION = re.compile(r"attn2[._](processor[._])?to[._][kv]")
_DOWN = re.compile(r"(lora_down|lora\.down|_lora\.down|lora_A|lora_linear_layer\.down)(\.default)?\.weight$")


def unsupported_kind(names: Mapping[str, tuple[int, ...]]) -> str | None:
    """What kind of adapter it is that cannot be drawn with, if so."""
    for kind, pattern in _UNSUPPORTED.items():
        if any(pattern.search(name) for name in names):
            return kind
    return None


def other_family(
    names: Mapping[str, tuple[int, ...]], metadata: Mapping[str, str], *, cross_attention_dim: int
) -> str | None:
    """Why it belongs to another family of models, if it does: by names, by its own word, or by widths."""
    for name in names:
        if _OTHER_FAMILY.search(name):
            return f"it has a layer {name}"
    told = f"{metadata.get('ss_base_model_version', '')} {metadata.get('modelspec.architecture', '')}".lower()
    for base in _OTHER_BASE:
        if base in told:
            return f"it was trained on {base}"
    for name, shape in names.items():
        if _CROSS_ATTENTION.search(name) and is_down(name) and shape[1] != cross_attention_dim:
            return f"its text is {shape[1]} wide, the model's {cross_attention_dim}"
    return None


def is_down(name: str) -> bool:
    """Whether this is the first of a layer's two matrices, whose rows are the rank."""
    return _DOWN.search(name) is not None


def layer_of(name: str) -> str:
    """The layer that a matrix belongs to, under the file's own name for it."""
    return re.sub(
        r"[._](lora_(down|up|A|B)|lora\.(down|up)|lora_linear_layer\.(down|up))(\.default)?\.weight$", "", name
    )


def count_layers(names: Mapping[str, tuple[int, ...]]) -> int:
    """How many layers it changes."""
    return sum(is_down(name) for name in names)
