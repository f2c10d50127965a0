"""Safetensors files and the two sites' answers about them, as small as they can be."""

import hashlib
import json
from typing import Any

from tests.unit.gpu_worker.weights_server import WeightsServer

Shapes = dict[str, tuple[int, ...]]

LORA: Shapes = {
    "lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k.lora_down.weight": (4, 2048),
    "lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k.lora_up.weight": (640, 4),
}
CHECKPOINT: Shapes = {
    "model.diffusion_model.input_blocks.0.0.weight": (320, 4, 3, 3),
    "model.diffusion_model.label_emb.0.0.weight": (1280, 2816),
    "conditioner.embedders.1.model.ln_final.weight": (1280,),
    "first_stage_model.decoder.conv_in.weight": (512, 4, 3, 3),
}
SD15: Shapes = {
    "model.diffusion_model.input_blocks.0.0.weight": (320, 4, 3, 3),
    "cond_stage_model.transformer.text_model.final_layer_norm.weight": (768,),
}


def safetensors(shapes: Shapes, metadata: dict[str, str] | None = None) -> bytes:
    """A file whose header is right and whose tensors are a few bytes."""
    told: dict[str, Any] = {
        name: {"dtype": "F16", "shape": list(shape), "data_offsets": [0, 8]} for name, shape in shapes.items()
    }
    if metadata:
        told["__metadata__"] = metadata
    header = json.dumps(told).encode()
    return len(header).to_bytes(8, "little") + header + b"\0" * 8


def on_civitai(web: WeightsServer, data: bytes, *, version: int = 5, **changes: Any) -> str:
    """Put a file on the site; returns the link of its page."""
    kind = changes.pop("type", "LORA")
    file = {
        "name": "ink.safetensors",
        "primary": True,
        "sizeKB": len(data) / 1024,
        "metadata": {"format": "SafeTensor"},
        "hashes": {"SHA256": hashlib.sha256(data).hexdigest().upper()},
    }
    answer = {
        "id": version,
        "modelId": 3,
        "baseModel": "SDXL 1.0",
        "trainedWords": ["inkwash style", "sumi-e, "],
        "files": [file | changes.pop("file", {})],
        "model": {"name": "Ink Wash", "type": kind},
    }
    about = {
        "id": 3,
        "allowCommercialUse": ["Image", "Rent"],
        "allowNoCredit": False,
        "modelVersions": [{"id": version}],
    }
    web.files |= {
        f"/api/v1/model-versions/{version}": json.dumps(answer | changes).encode(),
        "/api/v1/models/3": json.dumps(about).encode(),
        f"/api/download/models/{version}": data,
    }
    return f"https://civitai.com/models/3/ink-wash?modelVersionId={version}"


def on_hub(web: WeightsServer, files: dict[str, bytes], *, repository: str = "owner/foxes", **card: Any) -> str:
    """Put a repository on the Hub; returns the link of its page."""
    siblings = [
        {"rfilename": name, "size": len(data), "lfs": {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}}
        for name, data in files.items()
    ]
    answer = {"sha": "c0ffee", "siblings": siblings, "cardData": {"license": "apache-2.0"} | card}
    web.files[f"/api/models/{repository}/revision/main"] = json.dumps(answer).encode()
    web.files |= {f"/{repository}/resolve/c0ffee/{name}": data for name, data in files.items()}
    return f"https://huggingface.co/{repository}"
