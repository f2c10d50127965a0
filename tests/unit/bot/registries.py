"""A small registry for the bot's tests, independent of the files that Easel ships."""

from typing import Any

from config.loading import Registry
from config.registry import Checkpoint, Fleet, Profile, Quotas


def checkpoint(**changes: Any) -> Checkpoint:
    values: dict[str, Any] = {
        "id": "tiny-sdxl",
        "name": "Tiny SDXL",
        "format": "folder",
        "source": "file:var/weights/tiny-sdxl",
        "licence": "MIT",
        "vram_gb": 0.1,
        "download_gb": 0.1,
        "defaults": {"steps": 4, "cfg": 5.0, "width": 64, "height": 64},
        "limits": {"max_steps": 60, "max_pixels": 1024 * 1024},
    }
    return Checkpoint.model_validate(values | changes)


SDXL = checkpoint(
    id="sdxl-base-1.0",
    name="SDXL base 1.0",
    defaults={"steps": 30, "cfg": 5.0, "width": 1024, "height": 1024, "negative_prompt": "blurry"},
    limits={"min_steps": 10, "max_steps": 50, "min_cfg": 1.0, "max_cfg": 15.0, "max_pixels": 1572864},
)


def registry(*checkpoints: Checkpoint, **quotas: Any) -> Registry:
    """Tiny SDXL first, which makes it the default."""
    known = checkpoints or (checkpoint(), SDXL)
    profile = Profile(id="standard", image="easel/gpu-worker", warm=(known[0].id,))
    return Registry(
        checkpoints={each.id: each for each in known},
        controlnets={},
        loras={},
        profiles={"standard": profile},
        fleet=Fleet(),
        quotas=Quotas(**quotas),
    )
