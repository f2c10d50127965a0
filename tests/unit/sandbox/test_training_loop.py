"""The training loop behind the tiny SDXL: an interruption must not change what is learned."""

from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from sandbox.tiny_sdxl.training.loop import Training
from sandbox.tiny_sdxl.training.settings import Stage

STAGE = Stage(steps=12, batch=1, rate=0.1, seed=1, warm_up=3, ema=0.9, save_every=4)


class PowerCutError(Exception):
    pass


class Line:
    """Learns y = 2x; the power fails at one step."""

    def __init__(self, folder: Path, *, fails_at: int | None = None) -> None:
        torch.manual_seed(0)
        self.network = nn.Linear(1, 1)
        self.training = Training("line", STAGE, self.network, folder)
        self._fails_at = fails_at

    def losses(self, step: int, generator: torch.Generator) -> Mapping[str, Tensor]:
        if step == self._fails_at:
            raise PowerCutError
        x = torch.randn(8, 1, generator=generator)
        return {"loss": (self.network(x) - 2 * x).square().mean()}

    def learned(self) -> list[float]:
        self.training.run(self.losses)
        self.training.settle()
        return [float(p.detach()) for p in self.network.parameters()]


def test_an_interrupted_run_ends_like_an_unbroken_one(tmp_path: Path) -> None:
    """From the last checkpoint on, data, learning rate, optimizer and average are the same."""
    expected = Line(tmp_path / "unbroken").learned()
    with pytest.raises(PowerCutError):
        Line(tmp_path / "broken", fails_at=9).learned()
    resumed = Line(tmp_path / "broken")
    assert resumed.training.step == 8
    assert resumed.learned() == expected


def test_a_finished_run_is_not_repeated(tmp_path: Path) -> None:
    """A second `train` only reads what the first one wrote."""
    expected = Line(tmp_path).learned()
    again = Line(tmp_path, fails_at=0)
    assert again.training.step == STAGE.steps
    assert again.learned() == expected
