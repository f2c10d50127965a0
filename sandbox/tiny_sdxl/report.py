"""The report: settings, losses, figures against goals, and grids of samples."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sandbox.tiny_sdxl.evaluation.artist import CONTROLNET, LORAS, Artist, Pictures
from sandbox.tiny_sdxl.evaluation.experiments import FEW_STEPS, heart_sentences, held_out_scenes, held_out_sentences
from sandbox.tiny_sdxl.evaluation.whole import verdicts
from sandbox.tiny_sdxl.training.settings import Settings
from sandbox.tiny_sdxl.world.renderer import render

_SEED = 7
_GAP_PX = 2
_LOSSES_SHOWN = 8
Rows = list[Pictures]


def save_grid(rows: Rows, path: Path) -> None:
    """Pictures in rows, with a thin gap, as a small PNG of 64 colours."""
    padded = [np.pad(row, ((0, 0), (0, _GAP_PX), (0, _GAP_PX), (0, 0)), constant_values=128) for row in rows]
    whole: NDArray[np.uint8] = np.concatenate([np.concatenate(list(row), axis=1) for row in padded])
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(whole).quantize(64, dither=Image.Dither.NONE).save(path, optimize=True)


def _base_grid(artist: Artist) -> tuple[Rows, list[str]]:
    captions = held_out_sentences(24)
    drawn = artist.draw(captions, first_seed=_SEED)
    return [drawn[:8], drawn[8:16], drawn[16:]], captions


def _control_grid(artist: Artist) -> tuple[Rows, list[str]]:
    edges = np.stack([render(scene, n, wander_px=8.0).edges for n, scene in enumerate(held_out_scenes(8, seed=2))])
    captions = ["a red shape on a white background", "a yellow shape on a blue background"] * 4
    shown = np.repeat(edges[..., None], 3, axis=3)
    without = artist.draw(captions, first_seed=_SEED)
    return [shown, artist.draw(captions, first_seed=_SEED, maps=edges), without], captions


def _lora_grid(artist: Artist, name: str, captions: list[str]) -> Rows:
    rows = []
    for weight in (0.0, 0.5, 1.0):
        artist.wear(name, weight)
        rows.append(artist.draw(captions, first_seed=_SEED))
    artist.undress()
    return rows


def draw_grids(weights: Path, folder: Path) -> list[tuple[str, str, list[str]]]:
    """Write the grids into a folder; their file names, what their rows are, and their sentences."""
    artist = Artist(weights)
    rows, captions = _base_grid(artist)
    grids = [("base.png", "Held-out sentences, 20 steps, guidance 4", rows, captions)]
    if (weights / CONTROLNET).is_dir():
        rows, captions = _control_grid(artist)
        grids.append(("control.png", "Edge map, with ControlNet, without it", rows, captions))
    some = held_out_sentences(8, seed=8)
    for name, captions in (("heart", heart_sentences(8)), ("pastel", some)):
        if (weights / LORAS / f"{name}.safetensors").is_file():
            rows = _lora_grid(artist, name, captions)
            grids.append((f"{name}.png", f"LoRA `{name}` at weight 0, 0.5, 1", rows, captions))
    few = artist.draw(some, first_seed=_SEED, way=FEW_STEPS)
    grids.append(("four-steps.png", "Four steps without guidance", [few], some))
    for name, _, pictures, _ in grids:
        save_grid(pictures, folder / name)
    return [(name, title, captions) for name, title, _, captions in grids]


def _loss_lines(work: Path) -> list[str]:
    lines = ["| stage | steps | minutes | loss along the way |", "|---|---|---|---|"]
    for path in sorted(work.glob("*/losses.jsonl"), key=lambda path: path.stat().st_mtime):
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        shown = [rows[n] for n in np.linspace(0, len(rows) - 1, min(_LOSSES_SHOWN, len(rows))).astype(int)]
        minutes = sum(row["seconds"] for row in rows) / 60
        losses = ", ".join(f"{row['step']}: {row['loss']:.4f}" for row in shown)
        lines.append(f"| {path.parent.name} | {rows[-1]['step']} | {minutes:.1f} | {losses} |")
    return lines


def _setting_lines(settings: Settings) -> list[str]:
    lines = ["| setting | value |", "|---|---|"]
    for name, value in asdict(settings).items():
        if isinstance(value, Path):
            continue
        shown = ", ".join(f"{key} {number}" for key, number in value.items()) if isinstance(value, dict) else value
        lines.append(f"| {name} | {shown} |")
    return lines


def _figure_lines(results: dict[str, Any]) -> list[str]:
    lines = ["| figure | measured | goal | reached |", "|---|---|---|---|"]
    for name, figure, goal, reached in verdicts(results):
        lines.append(f"| {name} | {figure} | {goal} | {'yes' if reached else '**no**'} |")
    lines += ["", "All figures:", ""]
    for group, figures in results.items():
        if isinstance(figures, dict):
            lines.append(f"- {group}: " + ", ".join(f"{name} {value}" for name, value in figures.items()))
    return lines


def write_report(settings: Settings, results: dict[str, Any], remarks: str) -> Path:
    """Draw the grids and write `report/README.md` beside the weights; its path."""
    folder = settings.weights / "report"
    parts = ["# How the tiny SDXL was trained, and what it can do", remarks.strip()]
    parts += ["## Figures", "\n".join(_figure_lines(results))]
    parts += ["## Losses", "\n".join(_loss_lines(settings.work))]
    parts += ["## Settings", "\n".join(_setting_lines(settings)), "## Samples"]
    for name, title, captions in draw_grids(settings.weights, folder):
        listed = "\n".join(f"{n}. {caption}" for n, caption in enumerate(captions, 1))
        parts += [f"### {title}", f"![{title}]({name})", listed]
    path = folder / "README.md"
    path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    return path
