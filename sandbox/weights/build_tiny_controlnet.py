"""A ControlNet for the tiny SDXL: random, and with outputs that are not zero, as an untrained one's would be."""

from pathlib import Path

import torch
from diffusers import ControlNetModel, UNet2DConditionModel

_STRENGTH = 0.1


def build(checkpoint: Path, out: Path, *, seed: int = 22) -> Path:
    """Write one that fits the diffusers folder `checkpoint` into the folder `out`."""
    unet = UNet2DConditionModel.from_pretrained(checkpoint / "unet", local_files_only=True)
    torch.manual_seed(seed)
    net = ControlNetModel.from_unet(unet, load_weights_from_unet=False)
    for convolution in (*net.controlnet_down_blocks, net.controlnet_mid_block, net.controlnet_cond_embedding.conv_out):
        torch.nn.init.normal_(convolution.weight, std=_STRENGTH)
    net.save_pretrained(out, safe_serialization=True)
    return out
