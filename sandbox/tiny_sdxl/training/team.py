"""Several processes that train one network, started by `python -m torch.distributed.run --nproc-per-node 2 -m …`.

Each takes its part of every batch, and gradients are averaged once per step: on a busy machine that waits far less
than threads inside every operation. The result is that of one process, but for the order of sums.
"""

import os
from collections.abc import Sequence

import torch
from torch import Tensor, distributed


class Team:
    """This process's place among them; alone where the environment names no others."""

    def __init__(self) -> None:
        self.rank, self.size = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
        if self.size > 1 and not distributed.is_initialized():
            distributed.init_process_group("gloo")

    @property
    def leads(self) -> bool:
        """Whether this process writes checkpoints and logs."""
        return self.rank == 0

    def part(self, batch: Tensor) -> Tensor:
        """This process's rows."""
        return batch[self.rank :: self.size]

    def average(self, parameters: Sequence[Tensor]) -> None:
        """Replace gradients by their means over the team."""
        if self.size == 1:
            return
        gradients = [p.grad for p in parameters if p.grad is not None]
        flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
        distributed.all_reduce(flat)
        flat /= self.size
        for gradient, mean in zip(gradients, torch.split(flat, [g.numel() for g in gradients]), strict=True):
            gradient.copy_(mean.view_as(gradient))

    def wait(self) -> None:
        """Until all of the team are here."""
        if self.size > 1:
            distributed.barrier()
