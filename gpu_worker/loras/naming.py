"""Finds the layer of the model that a LoRA's matrix is for, whatever habit of naming its file follows.

Names are compared with all dots as underscores, which is how kohya writes them. diffusers has a conversion of its own,
but it drops layers of text encoders silently where a file does not have all of them. Pure.
"""

import re
from collections.abc import Iterable, Mapping

_KOHYA = re.compile(r"^lora_(?P<part>unet|te1|te2|te)_(?P<layer>.+)\.lora_(?P<side>down|up)\.weight$")
_PEFT = re.compile(
    r"^(?P<part>unet|text_encoder_2|text_encoder)\.(?P<layer>.+)\.lora_(?P<side>A|B)(\.default)?\.weight$"
)
_DIFFUSERS = re.compile(
    r"^(?P<part>unet|text_encoder_2|text_encoder)\.(?P<layer>.+?)"
    r"(_lora|\.lora_linear_layer|\.lora)\.(?P<side>down|up)\.weight$"
)
_PARTS = {"te": "text_encoder", "te1": "text_encoder", "te2": "text_encoder_2"}
_SIDES = {"down": "lora_A", "A": "lora_A", "up": "lora_B", "B": "lora_B"}
_RESNET = {
    "in_layers_0": "norm1",
    "in_layers_2": "conv1",
    "emb_layers_1": "time_emb_proj",
    "out_layers_0": "norm2",
    "out_layers_3": "conv2",
    "skip_connection": "conv_shortcut",
}
_OUTSIDE_BLOCKS = {
    "input_blocks_0_0": "conv_in",
    "time_embed_0": "time_embedding_linear_1",
    "time_embed_2": "time_embedding_linear_2",
    "label_emb_0_0": "add_embedding_linear_1",
    "label_emb_0_2": "add_embedding_linear_2",
    "out_2": "conv_out",
}
_OF_BLOCK = re.compile(r"^(input_blocks|output_blocks)_(\d+)_(\d+)_?(.*)$")
_OF_MIDDLE = re.compile(r"^middle_block_([012])_(.+)$")


class LayerIndex:
    """The layers of a model's parts, by flat names."""

    def __init__(self, layers: Mapping[str, Iterable[str]], *, layers_per_block: int) -> None:
        self._layers = {part: {_flat(name): name for name in names} for part, names in layers.items()}
        self._layers_per_block = layers_per_block

    def peft_name(self, name: str) -> str | None:
        """`<part>.<layer>.lora_A.weight` (or `lora_B`) for a matrix of a file; None where it has no place."""
        match = _KOHYA.match(name) or _PEFT.match(name) or _DIFFUSERS.match(name)
        if match is None:
            return None
        part = _PARTS.get(match["part"], match["part"])
        layer = self._find(part, _flat(match["layer"]))
        return None if layer is None else f"{part}.{layer}.{_SIDES[match['side']]}.weight"

    def _find(self, part: str, flat: str) -> str | None:
        known = self._layers[part]
        guesses = (flat, *(_unet_guesses(flat, self._layers_per_block) if part == "unet" else _text_guesses(flat)))
        return next((known[guess] for guess in guesses if guess in known), None)


def _flat(name: str) -> str:
    return name.replace(".", "_")


def _text_guesses(flat: str) -> list[str]:
    """Transformers 5 has no `text_model` around CLIP's layers any more; old files call q_proj to_q."""
    bare = flat.removeprefix("text_model_")
    return [bare, re.sub(r"_to_(q|k|v|out)$", r"_\1_proj", bare)]


def _unet_guesses(flat: str, layers_per_block: int) -> list[str]:
    """Without diffusers' old `processor`; from the original code's names."""
    bare = flat.replace("_processor_", "_")
    original = original_to_diffusers(bare, layers_per_block)
    return [bare, f"{bare}_0", *([original] if original else [])]


def original_to_diffusers(flat: str, layers_per_block: int) -> str | None:
    """SDXL's original code counts blocks through, diffusers by stage; None for a name of another kind.

    Source: stabilityai/generative-models, `UNetModel`, and diffusers' `UNet2DConditionModel`.
    """
    if flat in _OUTSIDE_BLOCKS:
        return _OUTSIDE_BLOCKS[flat]
    if middle := _OF_MIDDLE.match(flat):
        number, rest = int(middle[1]), middle[2]
        if number == 1:
            return f"mid_block_attentions_0_{rest}"
        return f"mid_block_resnets_{number // 2}_{_RESNET.get(rest, rest)}"
    if block := _OF_BLOCK.match(flat):
        return _of_block(block[1], int(block[2]), int(block[3]), block[4], layers_per_block)
    return None


def _of_block(side: str, number: int, inner: int, rest: str, layers_per_block: int) -> str:
    count = layers_per_block + 1
    is_input = side == "input_blocks"
    stage, layer = divmod(number - 1 if is_input else number, count)
    blocks = "down_blocks" if is_input else "up_blocks"
    if is_input and layer == layers_per_block:
        return f"{blocks}_{stage}_downsamplers_0_{'conv' if rest == 'op' else rest}"
    if inner == 0:
        return f"{blocks}_{stage}_resnets_{layer}_{_RESNET.get(rest, rest)}"
    if not is_input and rest == "conv":
        return f"{blocks}_{stage}_upsamplers_0_conv"
    return f"{blocks}_{stage}_attentions_{layer}_{rest}"
