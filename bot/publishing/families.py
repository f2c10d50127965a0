"""Whether a file is an SDXL checkpoint or a LoRA for one, by the names and shapes of its tensors. Pure."""

from bot.publishing.findings import Header, Kind, Reason, Shapes, UnpublishableError
from tasks import lora_inspection

SDXL_CROSS_ATTENTION = 2048
_UNET = "model.diffusion_model."
_SECOND_TEXT_ENCODER = "conditioner.embedders.1."
_SIZE_EMBEDDING = f"{_UNET}label_emb.0.0.weight"
_FIRST_LAYER = f"{_UNET}input_blocks.0.0.weight"
_LATENT_CHANNELS = 4
_OTHERS = {  # what betrays another family, and what people call it
    "double_blocks.": "Flux",
    "joint_blocks.": "Stable Diffusion 3",
    "cond_stage_model.model.": "Stable Diffusion 2",
    "cond_stage_model.transformer.": "Stable Diffusion 1.5",
    "conditioner.embedders.0.model.": "SDXL's refiner",
}


def check(header: Header, wanted: Kind, *, cross_attention_dim: int = SDXL_CROSS_ATTENTION) -> None:
    """Raises `UnpublishableError` where the tensors are not what `wanted` says, for SDXL, of a kind that we can use."""
    layers = lora_inspection.count_layers(header.shapes)
    is_checkpoint = any(name.startswith((_UNET, "first_stage_model.", "conditioner.")) for name in header.shapes)
    if wanted is Kind.LORA:
        if is_checkpoint and not layers:
            raise UnpublishableError(Reason.WRONG_KIND, found="model")
        _check_lora(header, layers, cross_attention_dim)
    elif layers and not is_checkpoint:
        raise UnpublishableError(Reason.WRONG_KIND, found="lora")
    else:
        _check_checkpoint(header.shapes)


def check_unet(header: Header) -> None:
    """The same for the UNet of a diffusers folder."""
    shapes = header.shapes
    if "add_embedding.linear_1.weight" not in shapes:
        raise UnpublishableError(Reason.WRONG_FAMILY, why="its UNet takes no picture size")
    channels = shapes.get("conv_in.weight", (0, 0))[1]
    if channels != _LATENT_CHANNELS:
        raise UnpublishableError(Reason.UNSUPPORTED, why=f"a UNet with {channels} input channels (inpainting)")


def prediction(header: Header) -> tuple[str, bool]:
    """(epsilon or v_prediction, whether it was trained down to pure noise), as v-prediction checkpoints mark it."""
    told = header.metadata.get("modelspec.prediction_type", "")
    is_v = "v_pred" in header.shapes or told in {"v", "v_prediction"}
    return ("v_prediction" if is_v else "epsilon"), "ztsnr" in header.shapes


def _check_lora(header: Header, layers: int, cross_attention_dim: int) -> None:
    other = lora_inspection.other_family(header.shapes, header.metadata, cross_attention_dim=cross_attention_dim)
    if other is not None:
        raise UnpublishableError(Reason.WRONG_FAMILY, why=other)
    kind = lora_inspection.unsupported_kind(header.shapes)
    if kind is not None:
        raise UnpublishableError(Reason.UNSUPPORTED, why=kind)
    if not layers:
        raise UnpublishableError(Reason.UNSUPPORTED, why="no LoRA layers")


def _check_checkpoint(shapes: Shapes) -> None:
    is_sdxl = _SIZE_EMBEDDING in shapes and any(name.startswith(_SECOND_TEXT_ENCODER) for name in shapes)
    if not is_sdxl:
        raise UnpublishableError(Reason.WRONG_FAMILY, why=_other(shapes))
    channels = shapes.get(_FIRST_LAYER, (0, 0))[1]
    if channels != _LATENT_CHANNELS:
        raise UnpublishableError(Reason.UNSUPPORTED, why=f"a UNet with {channels} input channels (inpainting)")


def _other(shapes: Shapes) -> str:
    for mark, family in _OTHERS.items():
        if any(mark in name for name in shapes):
            return family
    return "no SDXL text encoder"
