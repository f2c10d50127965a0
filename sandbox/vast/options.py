"""What the sandbox's Vast is told at start."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

# What an image of ours bakes in on a real machine; one thread keeps a small machine usable.
BAKED_VARIABLES = {"OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}


@dataclass(frozen=True)
class VastOptions:
    """`boot_s` None: images take their real time. `rate_scale` 1: documented intervals, 0: no rate limits."""

    data_dir: Path
    host: str = "127.0.0.1"
    port: int = 8500
    api_key: str = "sandbox-key"
    workdir: Path = field(default_factory=Path.cwd)
    python: str = sys.executable
    boot_s: float | None = 3.0
    image_gb: float = 8.0
    seed: int = 7
    credit_usd: float = 25.0
    rate_scale: float = 0.02
    search_quota: int = 5000
    grace_s: float = 10.0
    tick_s: float = 0.1
    host_lag_s: float = 0.3  # between the API's answer and the host doing it
    baked_variables: Mapping[str, str] = field(default_factory=lambda: dict(BAKED_VARIABLES))
