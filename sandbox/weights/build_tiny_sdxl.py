"""`python -m sandbox.weights.build_tiny_sdxl` writes random weights in SDXL's true shape, a thousandth of its size.

Two text encoders with a projection, time ids, three UNet stages with cross attention, a VAE with four stages: all
that the real pipeline touches is there. The pictures are noise; what counts is that they are the same every time.
"""

import shutil
from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from diffusers import AutoencoderKL, EulerDiscreteScheduler, StableDiffusionXLPipeline, UNet2DConditionModel
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from sandbox.weights import original_layout, tokenizer

VERSION = 1
_SEED = 20
_WIDTH_1, _WIDTH_2 = 32, 64  # of the two text encoders; they differ, as SDXL's do
_TIME_ID_WIDTH = 8
_LAYERS = 2
_CONFIGS = ("model_index.json", "*/*.json", "*/*.txt")

cli = typer.Typer(add_completion=False)


@cli.command()
def main(out: Annotated[Path, typer.Option(help="folder that the weights go into")] = Path("var/weights")) -> None:
    """Write `tiny-sdxl/` (diffusers folder) and `tiny-sdxl-single/` (one file, and the configs beside it)."""
    built = build(out)
    typer.echo(f"tiny SDXL weights: {out / 'tiny-sdxl'} {'written' if built else 'are there already'}")


def build(out: Path) -> bool:
    """Write the weights into `out`; False where this version of them is there already."""
    stamp = out / "tiny-sdxl.version"
    if stamp.exists() and stamp.read_text() == str(VERSION):
        return False
    pipeline = _pipeline(out / "tokenizers")
    _replace(out / "tiny-sdxl", lambda folder: pipeline.save_pretrained(folder, safe_serialization=True))
    _replace(out / "tiny-sdxl-single", lambda folder: _write_single(pipeline, out / "tiny-sdxl", folder))
    shutil.rmtree(out / "tokenizers")
    stamp.write_text(str(VERSION))
    return True


def _replace(folder: Path, write: Any) -> None:
    """Write beside the place and move it there, so that nobody ever reads half of it."""
    fresh = folder.with_suffix(".new")
    for old in (fresh, folder):
        shutil.rmtree(old, ignore_errors=True)
    fresh.mkdir(parents=True)
    write(fresh)
    fresh.rename(folder)


def _write_single(pipeline: StableDiffusionXLPipeline, folder: Path, target: Path) -> None:
    tensors = original_layout.single_file(
        unet=pipeline.unet.state_dict(),
        vae=pipeline.vae.state_dict(),
        text_encoder=pipeline.text_encoder.state_dict(),
        text_encoder_2=pipeline.text_encoder_2.state_dict(),
        layers_per_block=_LAYERS,
    )
    save_file(tensors, target / "tiny.safetensors", metadata={"format": "pt"})
    for pattern in _CONFIGS:
        for path in folder.glob(pattern):
            if path.name.endswith(".safetensors.index.json"):
                continue
            copy = target / "config" / path.relative_to(folder)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)


def _pipeline(folder: Path) -> StableDiffusionXLPipeline:
    tokenizer.build(folder / "1", pad_token=tokenizer.END)
    tokenizer.build(folder / "2", pad_token="!")  # noqa: S106 - a token of text
    torch.manual_seed(_SEED)
    return StableDiffusionXLPipeline(
        vae=_vae(),
        text_encoder=CLIPTextModel(_text_config(_WIDTH_1)),
        text_encoder_2=CLIPTextModelWithProjection(_text_config(_WIDTH_2)),
        tokenizer=CLIPTokenizer.from_pretrained(folder / "1"),
        tokenizer_2=CLIPTokenizer.from_pretrained(folder / "2"),
        unet=_unet(),
        scheduler=EulerDiscreteScheduler(
            beta_start=0.00085,
            beta_end=0.012,
            beta_schedule="scaled_linear",
            timestep_spacing="leading",
            steps_offset=1,
        ),
        add_watermarker=False,
    )


def _unet() -> UNet2DConditionModel:
    return UNet2DConditionModel(
        sample_size=64,
        block_out_channels=(32, 64, 64),
        layers_per_block=_LAYERS,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        transformer_layers_per_block=(1, 1, 2),
        attention_head_dim=(2, 4, 4),
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=_TIME_ID_WIDTH,
        projection_class_embeddings_input_dim=6 * _TIME_ID_WIDTH + _WIDTH_2,
        cross_attention_dim=_WIDTH_1 + _WIDTH_2,
    )


def _vae() -> AutoencoderKL:
    return AutoencoderKL(
        block_out_channels=(16, 16, 32, 32),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=1,
        norm_num_groups=8,
        latent_channels=4,
        sample_size=512,
        scaling_factor=0.13025,
        force_upcast=False,
    )


def _text_config(width: int) -> CLIPTextConfig:
    words = tokenizer.vocabulary()
    return CLIPTextConfig(
        vocab_size=len(words),
        hidden_size=width,
        intermediate_size=2 * width,
        projection_dim=width,
        num_hidden_layers=3,
        num_attention_heads=4,
        hidden_act="gelu",
        bos_token_id=words[tokenizer.START],
        eos_token_id=words[tokenizer.END],
        pad_token_id=words[tokenizer.END],
    )


if __name__ == "__main__":
    cli()
