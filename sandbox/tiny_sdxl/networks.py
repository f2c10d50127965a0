"""The shapes of the tiny networks: SDXL's own classes, few channels."""

from typing import Any, Final

import torch
from diffusers import AutoencoderKL, EulerDiscreteScheduler, UNet2DConditionModel
from torch import nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

LATENT_CHANNELS: Final = 4
SCALE: Final = 8  # pixels per latent, to each side
TEXT_WIDTH: Final = 64
TIME_IDS: Final = 6
TIME_ID_WIDTH: Final = 32
# SDXL's own noise schedule. The network predicts v: with noise as its target, what decides the layout (the noisiest
# timesteps) has almost no weight in the loss, and a few thousand steps are too few.
SCHEDULE: Final[dict[str, Any]] = {
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "prediction_type": "v_prediction",
}


def new_vae() -> Any:
    """An autoencoder 3 x 128 x 128 to 4 x 16 x 16 without attention, so that it may start on crops."""
    vae = AutoencoderKL(
        block_out_channels=(16, 24, 48, 64),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        latent_channels=LATENT_CHANNELS,
        layers_per_block=1,
        norm_num_groups=2,
        mid_block_add_attention=False,
        sample_size=128,
        force_upcast=False,
    )
    _start_well(vae)
    return vae


@torch.no_grad()
def _start_well(vae: Any) -> None:
    """Unit gain on the straight path, silent residual branches, little noise on the latents.

    With the library's own start the straight path fades by a factor of 30 and the colours are learned ten times later.
    """
    for name, part in vae.named_modules():
        if isinstance(part, nn.Conv2d):
            nn.init.kaiming_normal_(part.weight, nonlinearity="linear")
            if part.bias is not None:
                nn.init.zeros_(part.bias)
        if name.endswith("conv2"):
            nn.init.zeros_(part.weight)
    vae.quant_conv.weight[LATENT_CHANNELS:] = 0.0
    vae.quant_conv.bias[LATENT_CHANNELS:] = -4.0


def new_unet() -> Any:
    """SDXL's UNet: three resolutions, no attention at the first, transformers below, text and size conditioning."""
    return UNet2DConditionModel(
        sample_size=16,
        in_channels=LATENT_CHANNELS,
        out_channels=LATENT_CHANNELS,
        block_out_channels=(48, 80, 80),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        layers_per_block=1,
        transformer_layers_per_block=1,
        attention_head_dim=(2, 4, 4),  # the numbers of heads, as in SDXL's config
        norm_num_groups=8,
        cross_attention_dim=2 * TEXT_WIDTH,
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=TIME_ID_WIDTH,
        projection_class_embeddings_input_dim=TIME_IDS * TIME_ID_WIDTH + TEXT_WIDTH,
    )


def _text_config(vocabulary: int, end_id: int, *, activation: str) -> Any:
    return CLIPTextConfig(
        vocab_size=vocabulary,
        hidden_size=TEXT_WIDTH,
        intermediate_size=4 * TEXT_WIDTH,
        projection_dim=TEXT_WIDTH,
        num_hidden_layers=3,
        num_attention_heads=4,
        max_position_embeddings=77,
        hidden_act=activation,
        bos_token_id=end_id - 1,
        eos_token_id=end_id,
        pad_token_id=end_id,
    )


def new_text_encoders(vocabulary: int, end_id: int) -> tuple[Any, Any]:
    """Both text encoders. SDXL reads the last but one layer of each and the second's pooled projection."""
    first = CLIPTextModel(_text_config(vocabulary, end_id, activation="quick_gelu"))
    second = CLIPTextModelWithProjection(_text_config(vocabulary, end_id, activation="gelu"))
    return first, second


def new_scheduler(**changes: Any) -> Any:
    """Euler on the schedule that the networks were trained with."""
    return EulerDiscreteScheduler(**(SCHEDULE | {"timestep_spacing": "trailing"} | changes))
