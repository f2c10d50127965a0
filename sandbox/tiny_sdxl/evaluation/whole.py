"""The whole evaluation: every experiment, the time it takes, and the goals."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

import torch

from sandbox.tiny_sdxl.evaluation import experiments
from sandbox.tiny_sdxl.evaluation.artist import USUAL, Artist

# Figure → at least, as the task sets them; the last ones are at most.
GOALS: Final = {
    ("sentences", "colour"): 0.95,
    ("sentences", "shape"): 0.85,
    ("sentences", "position"): 0.85,
    ("sentences", "background"): 0.95,
    ("control", "f1_with"): 0.70,
    ("heart", "hearts_at_1.0"): 0.80,
}
CEILINGS: Final = {
    ("heart", "hearts_at_0.0"): 0.0,
    ("negative", "colours_with"): 0.05,
    ("negative", "shapes_with"): 0.05,
    ("speed", "four_pictures_s"): 10.0,
}
_FOUR_PICTURES = """
import sys
from pathlib import Path
from sandbox.tiny_sdxl.evaluation.artist import Artist
Artist(Path(sys.argv[1])).draw(["a red star on a blue background"] * 4, first_seed=7)
"""


def speed(weights: Path) -> dict[str, float]:
    """Seconds for four pictures of 128 x 128 at 20 steps with guidance, in a fresh process, with all it imports."""
    since = time.monotonic()
    subprocess.run([sys.executable, "-c", _FOUR_PICTURES, str(weights)], check=True, capture_output=True)
    return {"four_pictures_s": round(time.monotonic() - since, 2), "threads": float(torch.get_num_threads())}


def evaluation(weights: Path, count: int) -> dict[str, Any]:
    """All figures. `count` sentences for the base; an eighth of them for each of the smaller experiments."""
    torch.manual_seed(0)
    few = max(4, count // 8)
    results: dict[str, Any] = {"count": count, "few": few, "speed": speed(weights)}
    artist = Artist(weights)
    results["sentences"] = experiments.sentences(artist, count, USUAL)
    results["four_steps"] = experiments.sentences(artist, count, experiments.FEW_STEPS)
    results["shapes"] = experiments.shapes_by_name(artist, max(4, few // 5))
    if (weights / "tiny-sdxl-canny").is_dir():
        results["control"] = experiments.control(artist, few)
    for name in ("heart", "pastel"):
        if (weights / "loras" / f"{name}.safetensors").is_file():
            results[name] = getattr(experiments, name)(artist, few)
    results["negative"] = experiments.negative(artist, few)
    return results


def verdicts(results: dict[str, Any]) -> list[tuple[str, float, str, bool]]:
    """Name, figure, goal and whether it is reached, for every goal that was measured."""
    rows = []
    for goals, sign in ((GOALS, "≥"), (CEILINGS, "≤")):
        for (group, name), goal in goals.items():
            figure = results.get(group, {}).get(name)
            if figure is not None:
                reached = figure >= goal if sign == "≥" else figure <= goal
                rows.append((f"{group}: {name}", figure, f"{sign} {goal}", reached))
    return rows
