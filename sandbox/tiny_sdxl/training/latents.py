"""Stage 2: every training picture as a latent, once, on disk, in parts so that it resumes."""

from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from sandbox.tiny_sdxl.training.loop import save_whole
from sandbox.tiny_sdxl.training.progress import Track
from sandbox.tiny_sdxl.training.scenes import rendering
from sandbox.tiny_sdxl.training.settings import Settings
from sandbox.tiny_sdxl.training.team import Team
from sandbox.tiny_sdxl.training.vae import to_tensor

_PART: Final = 1000
_BATCH: Final = 50


@torch.no_grad()
def encode(vae: Any, pictures: list[np.ndarray[Any, np.dtype[np.uint8]]]) -> Tensor:
    """Pictures (128, 128, 3) to scaled latents (n, 4, 16, 16)."""
    x = to_tensor(torch.from_numpy(np.stack(pictures))).to(memory_format=torch.channels_last)
    mean: Tensor = vae.encode(x).latent_dist.mean
    return mean.contiguous() * float(vae.config.scaling_factor)


def _encode_part(vae: Any, first: int, path: Path) -> None:
    starts = range(first, first + _PART, _BATCH)
    parts = [encode(vae, [rendering(n).picture for n in range(start, start + _BATCH)]).half() for start in starts]
    save_whole(torch.cat(parts), path)


def cached_latents(vae: Any, settings: Settings) -> Tensor:
    """Latents of all scenes, (scenes, 4, 16, 16) in fp16."""
    folder = settings.work / "latents"
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{n:03d}.pt" for n in range(settings.scenes // _PART)]
    track = Track("latents", folder / "progress.jsonl", total=len(paths), every=4)
    team = Team()
    for n in track.steps(0):
        if n % team.size == team.rank and not paths[n].exists():
            _encode_part(vae, n * _PART, paths[n])
            track.losses(n)
    team.wait()
    return torch.cat([torch.load(path, weights_only=True) for path in paths])
