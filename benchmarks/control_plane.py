"""The control plane without the GPU: acknowledgement of 50 commands at once, and jobs per second to posted pictures."""

import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.results import report, spread
from sandbox.studio import ROOT, Studio

CHECKPOINT = "tiny-sdxl"
COMMANDS_AT_ONCE = 50
JOBS = 200
CHANNELS = ("general", "studio")


def main() -> None:
    """Run both measurements on one system."""
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        studio = Studio(directory / "studio", config_dir=config_that_rents_nothing(directory / "config"))
        with studio, instant_worker(studio):
            _acknowledgement(studio)
            _throughput(studio)


def _acknowledgement(studio: Studio) -> None:
    with ThreadPoolExecutor(COMMANDS_AT_ONCE) as people:
        answers = list(people.map(lambda number: _imagine(studio, number), range(COMMANDS_AT_ONCE)))
    figures = spread([answer["ack_ms"] for answer in answers])
    report(
        "acknowledgement",
        {f"{key}_ms": value for key, value in figures.items()},
        note=f"{COMMANDS_AT_ONCE} commands at once, from Discord's event to our answer; aim: p99 at most 1000 ms",
    )
    _wait_for_pictures(studio, COMMANDS_AT_ONCE)


def _throughput(studio: Studio) -> None:
    before = _pictures(studio)
    started = time.monotonic()
    with ThreadPoolExecutor(16) as people:
        list(people.map(lambda number: _imagine(studio, number), range(JOBS)))
    _wait_for_pictures(studio, before + JOBS)
    seconds = time.monotonic() - started
    report(
        "throughput",
        {"jobs": JOBS, "seconds": seconds, "jobs_per_second": JOBS / seconds},
        note="command to posted picture with an instant renderer; local Discord, embedded Redis, SQLite",
    )


def _imagine(studio: Studio, number: int) -> dict[str, float]:
    answer: dict[str, float] = studio.act(
        command="imagine",
        options={"prompt": f"job {number}", "model": CHECKPOINT},
        user=f"member-{number + 1}",
        channel=CHANNELS[number % len(CHANNELS)],
        wait=True,
    )
    return answer


def _pictures(studio: Studio) -> int:
    return sum(len(studio.pictures(channel)) for channel in CHANNELS)


def _wait_for_pictures(studio: Studio, wanted: int) -> None:
    studio.wait_for(f"{wanted} pictures", lambda: _pictures(studio) >= wanted, timeout_s=300)


def config_that_rents_nothing(directory: Path) -> Path:
    """The sandbox's configuration folder, copied, with no machine allowed."""
    shutil.copytree(ROOT / "sandbox" / "config", directory)
    fleet = directory / "fleet.toml"
    lines = [line for line in fleet.read_text().splitlines() if not line.startswith("max_instances")]
    fleet.write_text("\n".join(["max_instances = 0", *lines, ""]))
    return directory


class instant_worker:  # noqa: N801 - used as a context manager
    """Draws in no time, for as long as the block lasts."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio

    def __enter__(self) -> None:
        command = [sys.executable, "-m", "benchmarks.instant_worker", self._studio.redis_url, CHECKPOINT]
        with (self._studio.directory / "instant-worker.log").open("wb") as log:
            self._process = subprocess.Popen(command, cwd=ROOT, env=self._studio.environment, stdout=log, stderr=log)

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(20)
