"""SDXL at its full size with random numbers: what speed and memory depend on is there, what pictures show is not.

Sizes: the configs of stabilityai/stable-diffusion-xl-base-1.0, with a VAE that may decode in half precision.
"""

from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, EulerDiscreteScheduler, StableDiffusionXLPipeline, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from sandbox.weights import tokenizer

_VOCABULARY = 49408


def save(folder: Path, *, device: str, dtype: torch.dtype) -> Path:
    """A diffusers folder of about 7 GB in half precision; the words of its tokenizers are the tiny ones'."""
    parts = build(device=device, dtype=dtype)
    for name, pad in (("tokenizer", tokenizer.END), ("tokenizer_2", "!")):
        tokenizer.build(folder / "words" / name, pad_token=pad)
        parts[name] = CLIPTokenizer.from_pretrained(folder / "words" / name)
    scheduler = EulerDiscreteScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
    pipeline = StableDiffusionXLPipeline(**parts, scheduler=scheduler, add_watermarker=False)
    pipeline.save_pretrained(folder / "sdxl", safe_serialization=True)
    return folder / "sdxl"


def build(*, device: str, dtype: torch.dtype) -> dict[str, Any]:
    """UNet, VAE and text encoders on a device; on `meta` they take no memory."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with torch.device(device):
            return {
                "unet": _unet(),
                "vae": _vae(),
                "text_encoder": CLIPTextModel(_text(768, layers=12, heads=12, act="quick_gelu")),
                "text_encoder_2": CLIPTextModelWithProjection(_text(1280, layers=32, heads=20, act="gelu")),
            }
    finally:
        torch.set_default_dtype(before)


def _unet() -> UNet2DConditionModel:
    return UNet2DConditionModel(
        sample_size=128,
        block_out_channels=(320, 640, 1280),
        layers_per_block=2,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        transformer_layers_per_block=(1, 2, 10),
        attention_head_dim=(5, 10, 20),
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=256,
        projection_class_embeddings_input_dim=2816,
        cross_attention_dim=2048,
    )


def _vae() -> AutoencoderKL:
    return AutoencoderKL(
        block_out_channels=(128, 256, 512, 512),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=2,
        latent_channels=4,
        sample_size=1024,
        scaling_factor=0.13025,
        force_upcast=False,
    )


def _text(width: int, *, layers: int, heads: int, act: str) -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=_VOCABULARY,
        hidden_size=width,
        intermediate_size=4 * width,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        projection_dim=width,
        hidden_act=act,
        max_position_embeddings=77,
    )
