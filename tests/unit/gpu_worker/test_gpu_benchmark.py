"""The benchmark for cards: its model has SDXL's size, and all of it runs, here on the CPU with tiny weights."""

from pathlib import Path

import pytest
import torch

from benchmarks import full_size, gpu
from benchmarks.gpu import Preset


def test_the_model_has_sdxls_size() -> None:
    """The numbers of parameters of the published one; nothing is allocated for that."""
    parts = full_size.build(device="meta", dtype=torch.float16)
    counts = {name: sum(each.numel() for each in part.parameters()) for name, part in parts.items()}
    assert counts == {
        "unet": 2_567_463_684,
        "vae": 83_653_863,
        "text_encoder": 123_060_480,
        "text_encoder_2": 694_659_840,
    }
    assert {part.dtype for part in parts.values()} == {torch.float16}
    assert torch.get_default_dtype() == torch.float32


def test_both_sides_are_measured(tiny_weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures a second, share of the peak, and the ratio of pairs, for each preset."""
    monkeypatch.setattr(gpu, "PAIRS", 2)
    peak = gpu.matrix_peak("cpu", side=128, dtype=torch.float32)
    presets = (Preset("cfg", 2, 5.0, 0.01, side=64), Preset("few", 1, 1.0, 0.005, side=64))
    figures = gpu.measure(tiny_weights / "tiny-sdxl", presets, device="cpu", dtype=torch.float32, peak_flops=peak)
    for preset in presets:
        for side in ("ours", "diffusers"):
            assert figures[f"{preset.name}_{side}_images_per_s"] > 0
            assert figures[f"{preset.name}_{side}_share_of_peak"] > 0
        assert figures[f"{preset.name}_time_ratio_median"] > 0


def test_without_a_gpu_it_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """And measures nothing."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    gpu.main()
    assert "no GPU here, nothing was measured" in capsys.readouterr().out
