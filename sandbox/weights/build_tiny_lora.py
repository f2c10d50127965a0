"""LoRAs for the tiny SDXL, random and small, named as people have them: kohya's way, the original one, diffusers'."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import torch
from safetensors.torch import save_file

_SEED = 21
_STRENGTH = 0.5

# Layers of the tiny SDXL by their names in diffusers, with (outputs, inputs) and, for convolutions, the kernel.
UNET: Mapping[str, tuple[int, ...]] = {
    "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q": (64, 64),
    "down_blocks.2.attentions.1.transformer_blocks.0.attn2.to_k": (64, 96),
    "mid_block.attentions.0.transformer_blocks.1.attn2.to_v": (64, 96),
    "mid_block.attentions.0.transformer_blocks.0.attn1.to_out.0": (64, 64),
    "up_blocks.0.attentions.2.transformer_blocks.0.ff.net.0.proj": (512, 64),
    "up_blocks.1.attentions.0.proj_in": (64, 64),
    "down_blocks.0.resnets.0.conv1": (32, 32, 3, 3),
}
TEXT: Mapping[str, tuple[int, ...]] = {
    "text_encoder.text_model.encoder.layers.0.self_attn.q_proj": (32, 32),
    "text_encoder.text_model.encoder.layers.1.mlp.fc1": (64, 32),
    "text_encoder_2.text_model.encoder.layers.1.self_attn.out_proj": (64, 64),
}
# kohya trains SDXL under the names of the original code; these are the layers above that differ there.
_ORIGINAL = {
    "down_blocks.1.attentions.0": "input_blocks.4.1",
    "down_blocks.2.attentions.1": "input_blocks.8.1",
    "mid_block.attentions.0": "middle_block.1",
    "up_blocks.0.attentions.2": "output_blocks.2.1",
    "up_blocks.1.attentions.0": "output_blocks.3.1",
    "down_blocks.0.resnets.0.conv1": "input_blocks.1.0.in_layers.2",
}
_KOHYA_PARTS = {"text_encoder_2.": "lora_te2_", "text_encoder.": "lora_te1_"}

Matrices = dict[str, tuple[torch.Tensor, torch.Tensor]]


def matrices(
    layers: Iterable[str] = (*UNET, *TEXT), *, rank: int = 4, seed: int = _SEED, strength: float = _STRENGTH
) -> Matrices:
    """(down, up) of each layer, by its name in diffusers."""
    generator = torch.Generator().manual_seed(seed)
    shapes = {**UNET, **TEXT}
    found = {}
    for layer in layers:
        outputs, inputs, *kernel = shapes[layer]
        down = torch.randn(rank, inputs, *kernel, generator=generator) * strength
        up = torch.randn(outputs, rank, *([1] * len(kernel)), generator=generator) * strength
        found[layer] = (down, up)
    return found


def save_diffusers(path: Path, layers: Matrices) -> Path:
    """With peft's names, as diffusers' training scripts write it."""
    tensors = {}
    for layer, (down, up) in layers.items():
        full = layer if layer in TEXT else f"unet.{layer}"
        tensors[f"{full}.lora_A.weight"] = down
        tensors[f"{full}.lora_B.weight"] = up
    save_file(tensors, path)
    return path


def save_kohya(
    path: Path,
    layers: Matrices,
    *,
    alpha: float | None = None,
    original: bool = False,
    metadata: dict[str, str] | None = None,
) -> Path:
    """With kohya's names, under diffusers' block names or the original ones, and an alpha a layer."""
    tensors = {}
    for layer, (down, up) in layers.items():
        name = kohya_name(layer, original=original)
        tensors[f"{name}.lora_down.weight"] = down
        tensors[f"{name}.lora_up.weight"] = up
        if alpha is not None:
            tensors[f"{name}.alpha"] = torch.tensor(alpha)
    save_file(tensors, path, metadata=metadata)
    return path


def kohya_name(layer: str, *, original: bool = False) -> str:
    """`lora_unet_…`, `lora_te1_…`, `lora_te2_…`, with underscores for dots."""
    for part, prefix in _KOHYA_PARTS.items():
        if layer.startswith(part):
            return prefix + layer.removeprefix(part).replace(".", "_")
    if original:
        for ours, theirs in _ORIGINAL.items():
            layer = layer.replace(ours, theirs)
    return "lora_unet_" + layer.replace(".", "_")
