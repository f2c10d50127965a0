"""One training loop for every stage: optimizer, learning rate, moving average, checkpoints, resumption."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from sandbox.tiny_sdxl.training.progress import Track
from sandbox.tiny_sdxl.training.settings import Stage
from sandbox.tiny_sdxl.training.team import Team

Losses = Callable[[int, torch.Generator], Mapping[str, Tensor]]


def save_whole(state: Any, path: Path) -> None:
    """Write so that the file is always whole: an interrupted run leaves the previous one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    partial.replace(path)


class Training:
    """The parameters of `trained` (those that want gradients) under one optimizer, kept in `folder`/state.pt."""

    def __init__(self, name: str, stage: Stage, trained: nn.Module, folder: Path) -> None:
        self.name, self.stage, self.trained, self.folder = name, stage, trained, folder
        self.parameters = [p for p in trained.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(
            self.parameters, lr=stage.rate, weight_decay=stage.weight_decay, betas=(0.9, 0.99)
        )
        self.average: list[Tensor] = [deepcopy(p.detach()) for p in self.parameters]
        self.step = 0
        self._team = Team()
        self._resume()

    def _resume(self) -> None:
        path = self.folder / "state.pt"
        if not path.exists():
            return
        state = torch.load(path, weights_only=True)
        self.step = int(state["step"])
        self.optimizer.load_state_dict(state["optimizer"])
        for parameter, value, mean, averaged in zip(
            self.parameters, state["parameters"], state["average"], self.average, strict=True
        ):
            parameter.data.copy_(value)
            averaged.copy_(mean)

    def save(self) -> None:
        """Write the state with which the next run goes on."""
        if not self._team.leads:
            return
        save_whole(
            {
                "step": self.step,
                "optimizer": self.optimizer.state_dict(),
                "parameters": [p.detach() for p in self.parameters],
                "average": self.average,
            },
            self.folder / "state.pt",
        )

    def run(self, losses: Losses) -> None:
        """Train to the last step. `losses(step, generator)` returns named terms, the first of which is minimised.

        The generator is seeded by the stage's seed and the step: a resumed run draws what an unbroken one would.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        track = Track(self.name, self.folder / "losses.jsonl", total=self.stage.steps)
        for step in track.steps(self.step):
            generator = torch.Generator().manual_seed(self.stage.seed * 1_000_003 + step)
            terms = losses(step, generator)
            self._descend(next(iter(terms.values())), step)
            self.step = step + 1
            if self.step % self.stage.save_every == 0 or self.step == self.stage.steps:
                self.save()
            if self._team.leads:
                track.losses(step, **{name: float(term.detach()) for name, term in terms.items()})

    def _descend(self, loss: Tensor, step: int) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = self.stage.rate * self.stage.rate_at(step)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self._team.average(self.parameters)
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimizer.step()
        # Early on the average follows closely, later it spans 1 / (1 - ema) steps.
        keep = min(self.stage.ema, (1 + step) / (10 + step)) if self.stage.ema else 0.0
        with torch.no_grad():
            for averaged, parameter in zip(self.average, self.parameters, strict=True):
                averaged.lerp_(parameter, 1 - keep)

    def settle(self) -> None:
        """Put the averaged values into the network: what is released."""
        with torch.no_grad():
            for averaged, parameter in zip(self.average, self.parameters, strict=True):
                parameter.copy_(averaged)
