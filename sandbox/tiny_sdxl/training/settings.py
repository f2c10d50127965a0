"""Every number of the training in one place; the report prints them."""

from dataclasses import dataclass, field
from math import cos, pi
from pathlib import Path


@dataclass(frozen=True)
class Stage:
    """One stage of training with AdamW, a short warm-up and a cosine down to a twentieth."""

    steps: int
    batch: int
    rate: float
    seed: int
    warm_up: int = 50
    weight_decay: float = 0.01
    ema: float = 0.0
    save_every: int = 100

    def rate_at(self, step: int) -> float:
        """The factor on `rate` at a step."""
        if step < self.warm_up:
            return (step + 1) / self.warm_up
        done = min(1.0, (step - self.warm_up) / max(1, self.steps - self.warm_up))
        return 0.05 + 0.95 * (1 + cos(pi * done)) / 2


@dataclass(frozen=True)
class Settings:
    """The whole training. `work` holds checkpoints, latents and logs, `weights` what is released."""

    work: Path = Path("var/tiny_sdxl")
    weights: Path = Path("sandbox/weights/drawn")
    scenes: int = 10_000
    captions_per_scene: int = 3
    vae_pictures: int = 4_000
    vae: Stage = field(default_factory=lambda: Stage(steps=2200, batch=8, rate=1.5e-3, seed=1, save_every=200))
    vae_again: Stage = field(default_factory=lambda: Stage(steps=2000, batch=8, rate=1.5e-3, seed=2, save_every=200))
    decoder: Stage = field(default_factory=lambda: Stage(steps=4000, batch=8, rate=1.2e-3, seed=8, save_every=200))
    text: Stage = field(default_factory=lambda: Stage(steps=1400, batch=96, rate=1e-3, seed=12))
    unet: Stage = field(
        default_factory=lambda: Stage(steps=5000, batch=48, rate=1.5e-3, seed=3, warm_up=150, ema=0.998)
    )
    foreground_weight: float = 3.0
    control_scenes: int = 1_500
    control_wander_px: float = 8.0
    controlnet: Stage = field(default_factory=lambda: Stage(steps=1200, batch=32, rate=2e-3, seed=4, ema=0.99))
    lora_scenes: int = 800
    lora_rank: int = 4
    pastel: Stage = field(default_factory=lambda: Stage(steps=300, batch=32, rate=2e-3, seed=5, warm_up=20))
    heart: Stage = field(default_factory=lambda: Stage(steps=1300, batch=32, rate=2e-3, seed=6, warm_up=20, ema=0.99))
