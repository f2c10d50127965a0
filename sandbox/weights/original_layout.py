"""Diffusers' names of SDXL's tensors turned back into the original ones: what a single-file checkpoint holds.

It is the reverse of `diffusers.loaders.single_file_utils`, whose reading of the result is the test of it.
"""

import re
from collections.abc import Mapping

import torch
from torch import Tensor

Tensors = Mapping[str, Tensor]

_RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}
_UNET_OUTSIDE = {
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
    "conv_in": "input_blocks.0.0",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
}
_VAE_ATTENTION = {"group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out"}
_OPENCLIP = {"layer_norm1": "ln_1", "layer_norm2": "ln_2", "self_attn": "attn", "fc1": "c_fc", "fc2": "c_proj"}


def single_file(
    *, unet: Tensors, vae: Tensors, text_encoder: Tensors, text_encoder_2: Tensors, layers_per_block: int
) -> dict[str, Tensor]:
    """One state dict in the layout of the original SDXL checkpoints, from the state dicts of the four models."""
    whole: dict[str, Tensor] = {}
    for name, tensor in unet.items():
        whole[f"model.diffusion_model.{_unet_name(name, unet, layers_per_block)}"] = tensor
    blocks = 1 + max(int(found[1]) for name in vae if (found := re.match(r"decoder\.up_blocks\.(\d+)", name)))
    for name, tensor in vae.items():
        is_projection = "attentions" in name and name.endswith("weight") and tensor.ndim == 2  # noqa: PLR2004
        whole[f"first_stage_model.{_vae_name(name, blocks)}"] = tensor[..., None, None] if is_projection else tensor
    for name, tensor in text_encoder.items():
        whole[f"conditioner.embedders.0.transformer.text_model.{name.removeprefix('text_model.')}"] = tensor
    for name, tensor in _openclip(text_encoder_2).items():
        whole[f"conditioner.embedders.1.model.{name}"] = tensor
    return {name: tensor.contiguous() for name, tensor in whole.items()}


def _unet_name(name: str, unet: Tensors, layers: int) -> str:
    for ours, original in _UNET_OUTSIDE.items():
        if name.startswith(f"{ours}."):
            return original + name.removeprefix(ours)
    if name.startswith("mid_block."):
        _, kind, number, *rest = name.split(".")
        place = 1 if kind == "attentions" else 2 * int(number)
        return f"middle_block.{place}.{_inner(kind, rest)}"
    side, block, kind, number, *rest = name.split(".")
    first = int(block) * (layers + 1)
    if kind == "downsamplers":
        return f"input_blocks.{1 + first + layers}.0.op.{rest[-1]}"
    if kind == "upsamplers":
        place = 2 if any(key.startswith(f"up_blocks.{block}.attentions.") for key in unet) else 1
        return f"output_blocks.{first + layers}.{place}.conv.{rest[-1]}"
    list_name, offset = ("input_blocks", 1) if side == "down_blocks" else ("output_blocks", 0)
    place = 1 if kind == "attentions" else 0
    return f"{list_name}.{offset + first + int(number)}.{place}.{_inner(kind, rest)}"


def _inner(kind: str, rest: list[str]) -> str:
    return ".".join([_RESNET[rest[0]], *rest[1:]] if kind == "resnets" else rest)


def _vae_name(name: str, blocks: int) -> str:
    name = re.sub(r"down_blocks\.(\d+)\.resnets\.", r"down.\1.block.", name)
    name = re.sub(
        r"up_blocks\.(\d+)\.(?:resnets\.|(?=upsamplers))",
        lambda found: f"up.{blocks - 1 - int(found[1])}." + ("block." if "resnets" in found[0] else ""),
        name,
    )
    name = re.sub(r"down_blocks\.(\d+)\.downsamplers\.0", r"down.\1.downsample", name)
    name = name.replace("upsamplers.0", "upsample").replace("conv_shortcut", "nin_shortcut")
    name = re.sub(r"mid_block\.resnets\.(\d+)", lambda found: f"mid.block_{int(found[1]) + 1}", name)
    if "mid_block.attentions.0." in name:
        before, inner = name.split("mid_block.attentions.0.")
        part, suffix = inner.rsplit(".", 1)
        return f"{before}mid.attn_1.{_VAE_ATTENTION[part]}.{suffix}"
    return name.replace("conv_norm_out", "norm_out")


def _openclip(encoder: Tensors) -> dict[str, Tensor]:
    outside = {
        "text_model.embeddings.position_embedding.weight": "positional_embedding",
        "text_model.embeddings.token_embedding.weight": "token_embedding.weight",
        "text_model.final_layer_norm.weight": "ln_final.weight",
        "text_model.final_layer_norm.bias": "ln_final.bias",
    }
    converted = {outside[name]: tensor for name, tensor in encoder.items() if name in outside}
    converted["text_projection"] = encoder["text_projection.weight"].T
    for name, tensor in encoder.items():
        found = re.match(r"text_model\.encoder\.layers\.(\d+)\.(.*)", name)
        if found is None or re.search(r"\.[kv]_proj\.", name):
            continue  # k and v are joined to q
        layer, inner = f"transformer.resblocks.{found[1]}", found[2]
        if ".q_proj." in name:
            joined = torch.cat([encoder[name.replace("q_proj", f"{part}_proj")] for part in "qkv"])
            converted[f"{layer}.attn.in_proj_{name.rsplit('.', 1)[1]}"] = joined
            continue
        for ours, original in _OPENCLIP.items():
            inner = inner.replace(ours, original)
        converted[f"{layer}.{inner}"] = tensor
    return converted
