"""Tells the story of a job from Easel's own structured logs, a line per thing that happened, with its time and cost."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Line = Mapping[str, Any]

# event → what a person reads; the fields are those of the log line
STORY: dict[str, Callable[[Line], str]] = {
    "job received": lambda line: f"job received and acknowledged after {line.get('ack_s', 0):.2f} s",
    "job queued": lambda line: f"job queued in gpu.{line.get('checkpoint')} with priority {line.get('priority')}",
    "queue backs up": lambda line: f"queue backs up: {line.get('reason', '')}",
    "offer rented": lambda line: f"offer rented: {line.get('gpu')} at ${line.get('usd_per_hour', 0):.3f}/h",
    "worker ready": lambda line: f"worker ready {line.get('seconds_since_intent', 0):.0f} s after the decision to rent",
    "job claimed": lambda line: f"a worker took the job (attempt {line.get('attempt', 1)})",
    "job rendered": lambda line: f"pictures drawn in {line.get('gpu_s', 0):.1f} s",
    "posted": lambda line: f"posted {line.get('seconds', 0):.1f} s after the command",
    "worker idle": lambda line: f"nobody draws: {line.get('reason', '')}",
    "instance destroyed": lambda line: f"instance destroyed; it cost ${line.get('cost_usd', 0):.4f}",
}


@dataclass(frozen=True)
class Moment:
    """One line of the story."""

    at: datetime
    process: str
    text: str


def moment_of(raw: str) -> Moment | None:
    """The story behind one line of the log; None for lines that tell none, or are no JSON."""
    try:
        line = json.loads(raw)
    except ValueError:
        return None
    if not isinstance(line, dict):
        return None
    tell = STORY.get(str(line.get("event")))
    if tell is None or "timestamp" not in line:
        return None
    return Moment(
        at=datetime.fromisoformat(line["timestamp"]),
        process=str(line.get("process", "")),
        text=tell(line),
    )
