"""What is released: fp16 safetensors that diffusers' SDXL pipelines read."""

import shutil
from pathlib import Path
from typing import Any

import torch
from diffusers import StableDiffusionXLPipeline
from peft import get_peft_model_state_dict

from sandbox.tiny_sdxl.networks import new_scheduler
from sandbox.tiny_sdxl.training.unet import Base

CHECKPOINT, CONTROLNET, LORAS = "tiny-sdxl", "tiny-sdxl-canny", "loras"


def pipeline(base: Base, vae: Any) -> Any:
    """The whole checkpoint as diffusers puts it together."""
    return StableDiffusionXLPipeline(
        vae=vae,
        text_encoder=base.first,
        text_encoder_2=base.second,
        tokenizer=base.tokenizer,
        tokenizer_2=base.tokenizer,
        unet=base.unet,
        scheduler=new_scheduler(),
        force_zeros_for_empty_prompt=True,
        add_watermarker=False,
    )


def _readable(folder: Path) -> None:
    """Safetensors are written for their owner alone; a container's user is another."""
    for path in folder.rglob("*.safetensors"):
        path.chmod(0o644)


def release_checkpoint(base: Base, vae: Any, folder: Path) -> None:
    """Write the checkpoint's folder anew. Turns the networks to fp16: call it last, or on copies."""
    target = folder / CHECKPOINT
    shutil.rmtree(target, ignore_errors=True)
    pipeline(base, vae).to(dtype=torch.float16, memory_format=torch.contiguous_format).save_pretrained(target)
    _readable(target)


def release_controlnet(controlnet: Any, folder: Path) -> None:
    """Write the ControlNet's folder anew."""
    target = folder / CONTROLNET
    shutil.rmtree(target, ignore_errors=True)
    controlnet.to(dtype=torch.float16, memory_format=torch.contiguous_format).save_pretrained(target)
    _readable(target)


def release_lora(name: str, unet: Any, folder: Path) -> None:
    """Write one LoRA's file."""
    layers = {key: value.half().contiguous() for key, value in get_peft_model_state_dict(unet).items()}
    StableDiffusionXLPipeline.save_lora_weights(
        folder / LORAS, unet_lora_layers=layers, weight_name=f"{name}.safetensors", safe_serialization=True
    )
    _readable(folder / LORAS)
