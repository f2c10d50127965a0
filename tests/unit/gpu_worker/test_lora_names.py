"""A LoRA's layers are found whatever habit of naming its file follows."""

import pytest

from gpu_worker.loras.naming import LayerIndex, original_to_diffusers

INDEX = LayerIndex(
    {
        "unet": [
            "conv_in",
            "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q",
            "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_out.0",
            "up_blocks.0.upsamplers.0.conv",
        ],
        "text_encoder": ["encoder.layers.0.self_attn.q_proj"],
        "text_encoder_2": ["text_model.encoder.layers.0.self_attn.q_proj"],
    },
    layers_per_block=2,
)
BLOCK = "down_blocks.1.attentions.0.transformer_blocks.0.attn1"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (f"unet.{BLOCK}.to_q.lora_A.weight", f"unet.{BLOCK}.to_q.lora_A.weight"),
        (f"unet.{BLOCK}.to_q.lora_B.default.weight", f"unet.{BLOCK}.to_q.lora_B.weight"),
        (f"unet.{BLOCK}.to_q.lora.up.weight", f"unet.{BLOCK}.to_q.lora_B.weight"),
        (f"unet.{BLOCK}.processor.to_out_lora.down.weight", f"unet.{BLOCK}.to_out.0.lora_A.weight"),
        (
            "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_out_0.lora_up.weight",
            f"unet.{BLOCK}.to_out.0.lora_B.weight",
        ),
        (
            "lora_unet_input_blocks_4_1_transformer_blocks_0_attn1_to_q.lora_down.weight",
            f"unet.{BLOCK}.to_q.lora_A.weight",
        ),
        ("lora_unet_output_blocks_2_2_conv.lora_down.weight", "unet.up_blocks.0.upsamplers.0.conv.lora_A.weight"),
        ("lora_unet_input_blocks_0_0.lora_down.weight", "unet.conv_in.lora_A.weight"),
        (
            "lora_te1_text_model_encoder_layers_0_self_attn_q_proj.lora_down.weight",
            "text_encoder.encoder.layers.0.self_attn.q_proj.lora_A.weight",
        ),
        (
            "lora_te2_text_model_encoder_layers_0_self_attn_q_proj.lora_down.weight",
            "text_encoder_2.text_model.encoder.layers.0.self_attn.q_proj.lora_A.weight",
        ),
        (
            "text_encoder.text_model.encoder.layers.0.self_attn.to_q_lora.up.weight",
            "text_encoder.encoder.layers.0.self_attn.q_proj.lora_B.weight",
        ),
        (
            "text_encoder.text_model.encoder.layers.0.self_attn.q_proj.lora_linear_layer.up.weight",
            "text_encoder.encoder.layers.0.self_attn.q_proj.lora_B.weight",
        ),
        ("lora_unet_mid_block_nowhere.lora_down.weight", None),
        ("bundle_emb.x.string_to_param", None),
    ],
)
def test_names(name: str, expected: str | None) -> None:
    """kohya, the original code, peft, diffusers old and new; with transformers before and after 5."""
    assert INDEX.peft_name(name) == expected


@pytest.mark.parametrize(
    ("original", "expected"),
    [
        ("input_blocks_1_0_in_layers_2", "down_blocks_0_resnets_0_conv1"),
        ("input_blocks_3_0_op", "down_blocks_0_downsamplers_0_conv"),
        ("input_blocks_4_0_skip_connection", "down_blocks_1_resnets_0_conv_shortcut"),
        ("input_blocks_8_1_proj_in", "down_blocks_2_attentions_1_proj_in"),
        ("middle_block_0_emb_layers_1", "mid_block_resnets_0_time_emb_proj"),
        ("middle_block_1_proj_out", "mid_block_attentions_0_proj_out"),
        ("middle_block_2_out_layers_3", "mid_block_resnets_1_conv2"),
        ("output_blocks_5_1_proj_in", "up_blocks_1_attentions_2_proj_in"),
        ("output_blocks_5_2_conv", "up_blocks_1_upsamplers_0_conv"),
        ("label_emb_0_2", "add_embedding_linear_2"),
        ("down_blocks_0", None),
    ],
)
def test_the_original_codes_blocks(original: str, expected: str | None) -> None:
    """SDXL has two layers a block."""
    assert original_to_diffusers(original, 2) == expected
