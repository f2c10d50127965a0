"""What a cloud is like: prices, how long machines take, and how often they disappoint."""

import math
import random
from dataclasses import dataclass

_S_PER_HOUR = 3600.0


@dataclass(frozen=True, kw_only=True)
class MarketModel:
    """All figures are assumptions until they have been measured live; docs/autoscaling.md says where they come from.

    Prices in US dollars. `usd_per_hour` is the whole machine, its disk included; the GPU is billed by the second from
    when the container runs, the disk from the order to the end, `launch_usd` is the bandwidth of one fresh start. A
    start pulls the image (lognormal, median `pull_s`), then loads weights for `load_s`; `dud_share` of them never get
    there. A parked machine starts again within `wake_s` plus `load_s`, unless its GPU is taken. A worker that changes
    its checkpoint needs `swap_s`; with `affinity` workers prefer jobs for what they have loaded.
    """

    usd_per_hour: float = 0.35
    storage_usd_per_hour: float = 0.0123
    launch_usd: float = 0.03
    pull_s: float = 150.0
    pull_sigma: float = 0.6
    load_s: float = 45.0
    dud_share: float = 0.08
    wake_s: tuple[float, float] = (10.0, 30.0)
    wake_success: float = 0.75
    deadline_s: float = 600.0
    max_workers: int = 20
    swap_s: float = 0.0
    affinity: bool = True

    @property
    def gpu_usd_per_s(self) -> float:
        """What a running container costs beyond its disk."""
        return (self.usd_per_hour - self.storage_usd_per_hour) / _S_PER_HOUR

    @property
    def disk_usd_per_s(self) -> float:
        """What a parked machine costs."""
        return self.storage_usd_per_hour / _S_PER_HOUR

    def draw_pull_s(self, chance: random.Random) -> float | None:
        """Seconds until the container of a fresh machine runs; None where it never will."""
        if chance.random() < self.dud_share:
            return None
        return chance.lognormvariate(math.log(self.pull_s), self.pull_sigma)

    def draw_wake_s(self, chance: random.Random) -> float | None:
        """Seconds until the container of a parked machine runs again; None where its GPU is taken."""
        return chance.uniform(*self.wake_s) if chance.random() < self.wake_success else None
